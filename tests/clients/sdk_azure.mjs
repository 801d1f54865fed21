// SPDX-License-Identifier: Apache-2.0
// Azure's workload identity with the token in a file: AZURE_TENANT_ID, AZURE_CLIENT_ID,
// AZURE_FEDERATED_TOKEN_FILE, AZURE_AUTHORITY_HOST. Prints the access token as JSON, or the
// error's name and message and exits with 3.
import { WorkloadIdentityCredential } from "@azure/identity";

try {
    const credential = new WorkloadIdentityCredential({ disableInstanceDiscovery: true });
    console.log(JSON.stringify(await credential.getToken("https://vault.azure.net/.default")));
} catch (e) {
    console.log(`${e.name}: ${e.message}`);
    process.exitCode = 3;
}
