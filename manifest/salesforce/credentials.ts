/**
 * How the org gets to Holdfast, and Holdfast into the org. None of it has a secret: the key is typed into Setup after the deployment,
 * and Salesforce makes the consumer key and secret of the app.
 *
 * @see https://developer.salesforce.com/docs/atlas.en-us.api_meta.meta/api_meta/meta_externalcredential.htm
 * @see https://developer.salesforce.com/docs/atlas.en-us.api_meta.meta/api_meta/meta_namedcredential.htm
 * @see https://developer.salesforce.com/docs/atlas.en-us.api_meta.meta/api_meta/meta_externalclientapplication.htm
 */
import { metadataFile } from './metadata.ts'

/** Of both credentials, which bear the same name; Apex calls `callout:Holdfast`. */
export const CREDENTIAL = {
  name: 'Holdfast',
  /** Whom all users of the org ask as; each is named in the request. */
  principal: 'Package',
  /** Of the principal: what an admin types in. */
  parameter: 'Key',
} as const

/** The app in the org by which Holdfast signs in. */
export const APP = { name: 'Holdfast', oauth: 'Holdfast_oauth' } as const

/** Stands where nobody said where Holdfast answers: an address that there is none of (RFC 2606). */
export const NO_ADDRESS = 'https://holdfast.invalid'

export function credentialFiles({
  publicUrl,
  supportEmail,
}: {
  /** Where Holdfast answers; null: it is to be typed into Setup. */
  readonly publicUrl: string | null
  readonly supportEmail: string
}): ReadonlyMap<string, string> {
  const { name, principal, parameter } = CREDENTIAL
  return new Map([
    [
      `externalCredentials/${name}.externalCredential-meta.xml`,
      metadataFile('ExternalCredential', {
        label: name,
        description:
          'The key by which this org asks Holdfast. It is typed in at the principal, and shown to nobody.',
        authenticationProtocol: 'Custom',
        externalCredentialParameters: [
          {
            parameterGroup: principal,
            parameterName: principal,
            parameterType: 'NamedPrincipal',
            sequenceNumber: 1,
          },
          {
            parameterGroup: 'DefaultGroup',
            parameterName: 'Authorization',
            parameterType: 'AuthHeader',
            parameterValue: `{!'Bearer ' & $Credential.${name}.${parameter}}`,
            sequenceNumber: 1,
          },
        ],
      }),
    ],
    [
      `namedCredentials/${name}.namedCredential-meta.xml`,
      metadataFile('NamedCredential', {
        label: name,
        allowMergeFieldsInBody: false,
        // The header of the External Credential is a formula: without it the formula is sent instead of the key.
        allowMergeFieldsInHeader: true,
        calloutStatus: 'Enabled',
        // The header is the External Credential's own.
        generateAuthorizationHeader: false,
        namedCredentialParameters: [
          { parameterName: 'Url', parameterType: 'Url', parameterValue: publicUrl ?? NO_ADDRESS },
          { parameterName: 'ExternalCredential', parameterType: 'Authentication', externalCredential: name },
        ],
        namedCredentialType: 'SecuredEndpoint',
      }),
    ],
    [
      `externalClientApps/${APP.name}.eca-meta.xml`,
      metadataFile('ExternalClientApplication', {
        label: APP.name,
        description:
          'Lets Holdfast sign in to this org: it reads customers, and writes risk, tasks and interventions.',
        contactEmail: supportEmail,
        distributionState: 'Local',
        isProtected: false,
      }),
    ],
    [
      // Global settings (callback address, consumer key and secret) hold secrets: Setup makes them, and no file.
      `extlClntAppOauthSettings/${APP.oauth}.ecaOauth-meta.xml`,
      metadataFile('ExtlClntAppOauthSettings', {
        label: 'OAuth settings of Holdfast',
        externalClientApplication: APP.name,
        commaSeparatedOauthScopes: 'Api, RefreshToken',
      }),
    ],
  ])
}
