/** The assertion that an app signs in with. Ours, because the library's runs out thousands of years from now. */
import { createPrivateKey, type KeyObject } from 'node:crypto'
import { SignJWT } from 'jose'
import type { Clock } from '../../src/contracts/clock.ts'
import { HoldfastError } from '../../src/contracts/errors.ts'

/** Salesforce takes none that runs out later than three minutes from now by its clock; clocks differ a little. */
const GOOD_FOR_SECONDS = 150

/**
 * RS256, with `exp` in seconds.
 *
 * @param options.audience where it is sent to: https://login.salesforce.com, https://test.salesforce.com, a site's address
 * @param options.privateKey PEM, PKCS#8 or PKCS#1
 * @throws HoldfastError `connector_configuration` for a key that is none, or no RSA key
 * @example
 * await signAssertion({ clientId, username, audience: 'https://login.salesforce.com', privateKey, clock })
 */
export function signAssertion({
  clientId,
  username,
  audience,
  privateKey,
  clock,
}: {
  clientId: string
  username: string
  audience: string
  privateKey: string
  clock: Clock
}): Promise<string> {
  const key = keyIn(privateKey)
  return new SignJWT()
    .setProtectedHeader({ alg: 'RS256' })
    .setIssuer(clientId)
    .setSubject(username)
    .setAudience(audience)
    .setExpirationTime(Math.floor(clock().getTime() / 1000) + GOOD_FOR_SECONDS)
    .sign(key)
}

function keyIn(pem: string): KeyObject {
  let key: KeyObject
  try {
    key = createPrivateKey(pem)
  } catch (cause) {
    throw new HoldfastError(
      'connector_configuration',
      'The private key cannot be read: it has to be the PEM file (-----BEGIN PRIVATE KEY-----, without a password) whose certificate was uploaded to the app in Salesforce. Connect the org again with it.',
      { cause },
    )
  }
  if (key.asymmetricKeyType === 'rsa') return key
  throw new HoldfastError(
    'connector_configuration',
    `The private key is of the kind ${key.asymmetricKeyType ?? 'unknown'}; Salesforce takes RSA keys alone. Make one of 2048 bits or more, and upload its certificate to the app.`,
  )
}
