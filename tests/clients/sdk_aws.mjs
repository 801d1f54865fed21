// SPDX-License-Identifier: Apache-2.0
// The AWS SDK assumes a role with the token in a file; all of it comes from its own variables:
// AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE, AWS_REGION, AWS_ENDPOINT_URL_STS. Prints the
// credentials as JSON, or the error's name and message and exits with 3.
import { fromTokenFile } from "@aws-sdk/credential-providers";

try {
    console.log(JSON.stringify(await fromTokenFile()()));
} catch (e) {
    console.log(`${e.name}: ${e.message}`);
    process.exitCode = 3;
}
