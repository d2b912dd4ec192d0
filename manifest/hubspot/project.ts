/**
 * The project of the app on HubSpot's developer platform, for one installation of Holdfast: a company that hosts Holdfast itself
 * uploads an app of its own, with its own addresses.
 *
 * @see https://developers.hubspot.com/docs/apps/developer-platform/build-apps/create-an-app
 */
import { APP_PATHS, WATCHED_PROPERTIES } from '../../connectors/hubspot/app.ts'
import { APP_SCOPES } from '../../connectors/hubspot/scopes.ts'
import type { ProjectFiles } from './check.ts'
import { PLATFORM_VERSION, type AppFile, type WebhooksFile } from './shapes.ts'

export interface ProjectOptions {
  /** Where the installation answers; https, without a slash at its end. */
  readonly publicUrl: string
  /** As people see the app in HubSpot. */
  readonly name: string
  /** private: up to 10 accounts that are named. marketplace: whoever has the link, 25 of them before it is listed. */
  readonly distribution: AppFile['config']['distribution']
  /** Who helps; null: nobody is named, which a listing does not allow. */
  readonly supportEmail: string | null
}

/** Changing one makes another component of it, and what is installed loses the old one. */
export const UIDS = { app: 'holdfast_app', webhooks: 'holdfast_webhooks' } as const

/**
 * @example
 * const files = hubspotProject({ publicUrl: 'https://holdfast.example.com', name: 'Holdfast', distribution: 'private', supportEmail: null })
 * files.get('src/app/app-hsmeta.json')
 */
export function hubspotProject(options: ProjectOptions): ProjectFiles {
  const project = {
    name: options.name,
    srcDir: 'src',
    platformVersion: PLATFORM_VERSION,
  }
  return new Map(
    Object.entries({
      'hsproject.json': project,
      'src/app/app-hsmeta.json': appFile(options),
      'src/app/webhooks/webhooks-hsmeta.json': webhooksFile(options),
    }).map(([path, content]) => [path, `${JSON.stringify(content, null, 2)}\n`]),
  )
}

function appFile({ publicUrl, name, distribution, supportEmail }: ProjectOptions): AppFile {
  return {
    uid: UIDS.app,
    type: 'app',
    config: {
      name,
      description:
        'Shows which customers may leave and why, suggests what is worth doing about it, and does it where you say so.',
      distribution,
      auth: {
        type: 'oauth',
        redirectUrls: [publicUrl + APP_PATHS.callback],
        requiredScopes: [...APP_SCOPES.required],
        optionalScopes: [...APP_SCOPES.optional],
        conditionallyRequiredScopes: [],
      },
      permittedUrls: { fetch: [], iframe: [], img: [] },
      support: supportEmail === null ? {} : { supportEmail },
    },
  }
}

function webhooksFile({ publicUrl }: ProjectOptions): WebhooksFile {
  const objects = ['company', 'contact'] as const
  return {
    uid: UIDS.webhooks,
    type: 'webhooks',
    config: {
      settings: { targetUrl: publicUrl + APP_PATHS.webhooks, maxConcurrentRequests: 10 },
      subscriptions: {
        crmObjects: objects.flatMap((objectType) => [
          ...(['creation', 'deletion', 'merge', 'restore'] as const).map((event) => ({
            subscriptionType: `object.${event}` as const,
            objectType,
            active: true,
          })),
          ...WATCHED_PROPERTIES[objectType].map((propertyName) => ({
            subscriptionType: 'object.propertyChange' as const,
            objectType,
            propertyName,
            active: true,
          })),
        ]),
        hubEvents: [{ subscriptionType: 'contact.privacyDeletion', active: true }],
      },
    },
  }
}
