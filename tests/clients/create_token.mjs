// SPDX-License-Identifier: Apache-2.0
// usage: create_token.mjs KUBECONFIG NAMESPACE SERVICE_ACCOUNT AUDIENCE [SECONDS]
//
// A TokenRequest by Kubernetes' client for JavaScript. Prints the answer as JSON, or the Status
// (of a 401 the client keeps only the code) and exits with 3.
import { CoreV1Api, KubeConfig } from "@kubernetes/client-node";

const [file, namespace, name, audience, seconds] = process.argv.slice(2);
const config = new KubeConfig();
config.loadFromFile(file);
try {
    const answer = await config.makeApiClient(CoreV1Api).createNamespacedServiceAccountToken({
        namespace, name,
        body: { spec: { audiences: [audience], expirationSeconds: seconds && Number(seconds) } },
    });
    console.log(JSON.stringify(answer));
} catch (e) {
    console.log(e.body ?? JSON.stringify({ code: e.code, message: e.message }));
    process.exitCode = 3;
}
