// SPDX-License-Identifier: Apache-2.0
// @grpc/grpc-js with messages by protobufjs, as a client of the signer.
// usage: sign_grpc.mjs SOCKET ISSUER CALLS
// Signs CALLS tokens at once, verifies each with npm jose by the keys that FetchKeys lists, and
// prints what it saw as JSON.
import { createPublicKey, randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import grpc from '@grpc/grpc-js'
import loader from '@grpc/proto-loader'
import { jwtVerify } from 'jose'

const [socket, issuer, calls] = process.argv.slice(2)
const proto = fileURLToPath(new URL('externaljwt.proto', import.meta.url))
const { v1 } = grpc.loadPackageDefinition(loader.loadSync(proto, { longs: Number, defaults: true }))
const client = new v1.ExternalJWTSigner(`unix:${socket}`, grpc.credentials.createInsecure())
const call = (name, message) => promisify(client[name].bind(client))(message)

const { keys, dataTimestamp, refreshHintSeconds } = await call('FetchKeys', {})
const metadata = await call('Metadata', {})
const publicKeys = new Map(
  keys.map((k) => [k.keyId, createPublicKey({ key: k.key, format: 'der', type: 'spki' })]),
)

async function sign(name) {
  const now = Math.floor(Date.now() / 1000)
  const claims = {
    aud: ['https://kubernetes.default.svc'],
    exp: now + 3600,
    iat: now,
    iss: issuer,
    jti: randomUUID(),
    'kubernetes.io': { namespace: 'shop', serviceaccount: { name, uid: randomUUID() } },
    nbf: now,
    sub: `system:serviceaccount:shop:${name}`,
  }
  const segment = Buffer.from(JSON.stringify(claims)).toString('base64url')
  const { header, signature } = await call('Sign', { claims: segment })
  const token = `${header}.${segment}.${signature}`
  const { payload } = await jwtVerify(token, ({ kid }) => publicKeys.get(kid), { issuer })
  return payload.sub === claims.sub && payload.jti === claims.jti
}

const signed = await Promise.all(Array.from({ length: Number(calls) }, (_, i) => sign(`sa-${i}`)))
const refusals = {}
for (const [name, message] of [
  ['Nothing', {}],
  ['Sign', { claims: 'e30' }],
  ['Sign', {}],
]) {
  const error = await call(name, message).then(
    () => ({ code: 0, details: 'answered' }),
    (e) => e,
  )
  refusals[`${name} ${JSON.stringify(message)}`] = [error.code, error.details]
}
client.close()
console.log(
  JSON.stringify({
    keys: keys.map((k) => [k.keyId, k.excludeFromOidcDiscovery]),
    changed: dataTimestamp.seconds,
    refresh: refreshHintSeconds,
    maxLifetime: metadata.maxTokenExpirationSeconds,
    verified: signed.filter(Boolean).length,
    refusals,
  }),
)
