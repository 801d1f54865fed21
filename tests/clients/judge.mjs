// SPDX-License-Identifier: Apache-2.0
// Verifiers of others, in batch.
//
// usage: node judge.mjs jose|jsonwebtoken|fast-jwt|aws-jwt-verify ISSUER
//
// Reads lines of JSON, ["TOKEN", "AUDIENCE"], and prints "accept", or "refuse" with the reason,
// for each. The keys and algorithms are read from the issuer as a service would.
import { createPublicKey } from 'node:crypto'
import { createInterface } from 'node:readline'
import { JwtVerifier } from 'aws-jwt-verify'
import { createVerifier } from 'fast-jwt'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import jsonwebtoken from 'jsonwebtoken'
import { JwksClient } from 'jwks-rsa'

const [name, issuer] = process.argv.slice(2)
const get = async (url) => (await fetch(url)).json()
const metadata = await get(`${issuer}/.well-known/openid-configuration`)
if (metadata.issuer !== issuer) process.exit(2)
const jwksUri = metadata.jwks_uri
const algorithms = metadata.id_token_signing_alg_values_supported

const judges = {
  jose() {
    const keys = createRemoteJWKSet(new URL(jwksUri))
    return (token, audience) => jwtVerify(token, keys, { issuer, audience, algorithms })
  },

  jsonwebtoken() {
    const client = new JwksClient({ jwksUri, cache: true, rateLimit: false })
    const key = (header, done) =>
      client.getSigningKey(header.kid).then((k) => done(null, k.getPublicKey()), done)
    const known = algorithms.filter((a) => a !== 'EdDSA')
    return (token, audience) =>
      new Promise((resolve, reject) => {
        const options = { issuer, audience, algorithms: known }
        jsonwebtoken.verify(token, key, options, (e, claims) => (e ? reject(e) : resolve(claims)))
      })
  },

  async 'fast-jwt'() {
    const { keys } = await get(jwksUri)
    const key = async ({ header }) => {
      const jwk = keys.find((k) => k.kid === header.kid)
      if (jwk === undefined) throw new Error('unknown kid')
      return createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' })
    }
    return (token, audience) =>
      createVerifier({
        key,
        algorithms,
        allowedIss: issuer,
        allowedAud: audience,
        requiredClaims: ['iss', 'aud', 'exp'], // without it, what is missing is not checked
      })(token)
  },

  async 'aws-jwt-verify'() {
    // It fetches over https only: the keys are handed over.
    const jwks = await get(jwksUri)
    return async (token, audience) => {
      const verifier = JwtVerifier.create({ issuer, audience, jwksUri })
      verifier.cacheJwks(jwks)
      return verifier.verifySync(token)
    }
  },
}

const verify = await judges[name]()
for await (const line of createInterface({ input: process.stdin })) {
  let crash
  // What is thrown behind the caller's back would end a service; here it is a refusal.
  const crashed = new Promise((_, reject) => {
    crash = reject
    process.once('uncaughtException', crash)
  })
  try {
    await Promise.race([verify(...JSON.parse(line)), crashed])
    console.log('accept')
  } catch (e) {
    console.log(`refuse ${String(e).replace(/\s+/g, ' ').slice(0, 200)}`)
  } finally {
    process.off('uncaughtException', crash)
  }
}
