// SPDX-License-Identifier: Apache-2.0
// npm openid-client as a client of a token exchange: prints the access token, or the error's name
// and ends with 3.
//
// usage: exchange_openid_client.mjs ISSUER TOKEN_ENDPOINT FORM_AS_JSON
import { Issuer, errors } from 'openid-client'

const [issuer, token_endpoint, form] = process.argv.slice(2)
const found = new Issuer({ issuer, token_endpoint })
const client = new found.Client({ client_id: 'shop/web', token_endpoint_auth_method: 'none' })
try {
  console.log((await client.grant(JSON.parse(form))).access_token)
} catch (e) {
  if (!(e instanceof errors.OPError)) throw e
  console.log(e.error)
  process.exit(3)
}
