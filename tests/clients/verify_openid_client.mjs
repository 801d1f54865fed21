// SPDX-License-Identifier: Apache-2.0
// npm openid-client: a full relying party; the token arrives as the id_token of the implicit
// flow, which is the one flow that needs nothing of the issuer but the two documents. See run.sh.
import { readFile } from 'node:fs/promises'
import { Issuer, errors } from 'openid-client'

const [issuer, tokenFile, alg] = process.argv.slice(2)
const token = (await readFile(tokenFile, 'ascii')).trim()
const found = await Issuer.discover(issuer)
if (
  found.issuer !== issuer ||
  !found.metadata.id_token_signing_alg_values_supported.includes(alg)
) {
  process.exit(2)
}
const client = new found.Client({
  client_id: 'https://relying.party.example',
  redirect_uris: ['https://relying.party.example/cb'],
  response_types: ['id_token'],
  token_endpoint_auth_method: 'none',
  id_token_signed_response_alg: alg,
})
try {
  const set = await client.callback(
    'https://relying.party.example/cb',
    { id_token: token },
    { response_type: 'id_token', nonce: 'n-0S6_WzA2Mj' },
  )
  console.log(set.claims().sub)
} catch (e) {
  if (!(e instanceof errors.RPError) || !/signature/.test(e.message)) throw e
  console.log(e.message)
  process.exit(3)
}
