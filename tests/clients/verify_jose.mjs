// SPDX-License-Identifier: Apache-2.0
// npm jose: the remote key set and claim checks that most Node services use. See run.sh.
import { readFile } from 'node:fs/promises'
import { createRemoteJWKSet, errors, jwtVerify } from 'jose'

const [issuer, tokenFile, alg] = process.argv.slice(2)
const token = (await readFile(tokenFile, 'ascii')).trim()
const reply = await fetch(`${issuer}/.well-known/openid-configuration`)
const metadata = await reply.json()
if (
  metadata.issuer !== issuer ||
  !metadata.id_token_signing_alg_values_supported.includes(alg)
) {
  process.exit(2)
}
try {
  const { payload } = await jwtVerify(token, createRemoteJWKSet(new URL(metadata.jwks_uri)), {
    issuer,
    audience: 'https://relying.party.example',
    algorithms: [alg],
    typ: 'JWT',
  })
  console.log(payload.sub)
} catch (e) {
  if (!(e instanceof errors.JWSSignatureVerificationFailed)) throw e
  console.log(e.code)
  process.exit(3)
}
