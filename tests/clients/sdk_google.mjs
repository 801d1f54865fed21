// SPDX-License-Identifier: Apache-2.0
// Google's library with an external account, as GOOGLE_APPLICATION_CREDENTIALS describes it.
// Prints the access token as JSON, or the error's name and message and exits with 3.
import { GoogleAuth } from "google-auth-library";

try {
    const auth = new GoogleAuth({ scopes: "https://www.googleapis.com/auth/cloud-platform" });
    const client = await auth.getClient();
    const { token } = await client.getAccessToken();
    console.log(JSON.stringify({ type: client.constructor.name, token }));
} catch (e) {
    console.log(`${e.name}: ${e.message}`);
    process.exitCode = 3;
}
