/**
 * The package as an SFDX project, to be deployed into an org or made a package of: `sf project deploy start --manifest
 * manifest/package.xml`. What it consists of stands in connectors/salesforce/package.ts, by which everything that writes goes.
 */
import { API_VERSION, LOGIN_URL } from '../../connectors/salesforce/version.ts'
import { metadataFile } from './metadata.ts'
import { objectFiles } from './objects.ts'
import { credentialFiles } from './credentials.ts'
import { permissionFiles } from './permissions.ts'
import { setUpFiles } from './set-up.ts'
import { sourceFiles } from './sources.ts'
import { viewFiles } from './views.ts'

/** Contents by path, with slashes. */
export type ProjectFiles = ReadonlyMap<string, string>

/** Where sources lie, as `sf project generate` has it. */
const SOURCES = 'force-app/main/default'

export interface PackageOptions {
  /** Where Holdfast answers; null: an admin types it into Setup. */
  readonly publicUrl: string | null
  /** Of whoever is asked about the app in the org. */
  readonly supportEmail: string
}

/**
 * @example
 * salesforceProject({ publicUrl: 'https://holdfast.example.com', supportEmail: 'help@example.com' }).get('manifest/package.xml')
 */
export function salesforceProject(options: PackageOptions): ProjectFiles {
  const sources = new Map([
    ...objectFiles(),
    ...setUpFiles(),
    ...credentialFiles(options),
    ...permissionFiles(),
    ...viewFiles(),
    ...sourceFiles(),
  ])
  return new Map([
    [
      'sfdx-project.json',
      json({
        packageDirectories: [{ path: 'force-app', default: true }],
        name: 'holdfast',
        namespace: '',
        sfdcLoginUrl: LOGIN_URL,
        sourceApiVersion: API_VERSION.slice(1),
      }),
    ],
    ['manifest/package.xml', packageXml([...sources.keys()])],
    ...[...sources].map(([path, text]) => [`${SOURCES}/${path}`, text] as const),
  ])
}

interface Kind {
  readonly name: string
  readonly of: RegExp
  readonly member: (found: readonly string[]) => string
}

const named = (name: string, of: RegExp): Kind => ({ name, of, member: ([, member]) => member })

/** Folders are members of their own. */
const inFolder = ([, folder, name]: readonly (string | undefined)[]): string =>
  folder === undefined ? name! : `${folder}/${name}`

/** Kinds of metadata by the folder and ending of their files, in the order in which Salesforce lists them. */
const KINDS: readonly Kind[] = [
  named('ApexClass', /^classes\/(\w+)\.cls$/),
  named('CustomApplication', /^applications\/(\w+)\.app-meta\.xml$/),
  {
    name: 'CustomField',
    of: /^objects\/(\w+)\/fields\/(\w+)\.field-meta\.xml$/,
    member: ([, object, field]) => `${object}.${field}`,
  },
  named('CustomMetadata', /^customMetadata\/(\w+\.\w+)\.md-meta\.xml$/),
  named('CustomObject', /^objects\/(\w+)\/\w+\.object-meta\.xml$/),
  named('CustomPermission', /^customPermissions\/(\w+)\.customPermission-meta\.xml$/),
  named('CustomTab', /^tabs\/(\w+)\.tab-meta\.xml$/),
  {
    name: 'Dashboard',
    of: /^dashboards\/(?:(\w+)\/)?(\w+)\.(?:dashboard|dashboardFolder)-meta\.xml$/,
    member: inFolder,
  },
  named('ExternalClientApplication', /^externalClientApps\/(\w+)\.eca-meta\.xml$/),
  named('ExternalCredential', /^externalCredentials\/(\w+)\.externalCredential-meta\.xml$/),
  named('ExtlClntAppOauthSettings', /^extlClntAppOauthSettings\/(\w+)\.ecaOauth-meta\.xml$/),
  named('LightningComponentBundle', /^lwc\/(\w+)\/\w+\.js-meta\.xml$/),
  {
    name: 'ListView',
    of: /^objects\/(\w+)\/listViews\/(\w+)\.listView-meta\.xml$/,
    member: ([, object, view]) => `${object}.${view}`,
  },
  named('NamedCredential', /^namedCredentials\/(\w+)\.namedCredential-meta\.xml$/),
  named('PermissionSet', /^permissionsets\/(\w+)\.permissionset-meta\.xml$/),
  {
    name: 'Report',
    of: /^reports\/(?:(\w+)\/)?(\w+)\.(?:report|reportFolder)-meta\.xml$/,
    member: inFolder,
  },
]

function packageXml(paths: readonly string[]): string {
  const types = KINDS.filter(({ of }) => paths.some((path) => of.test(path))).map(({ name, of, member }) => ({
    members: paths
      .flatMap((path) => {
        const found = of.exec(path)
        return found === null ? [] : [member(found)]
      })
      .toSorted(),
    name,
  }))
  return metadataFile('Package', { types, version: API_VERSION.slice(1) })
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`
