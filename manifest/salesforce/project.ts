/**
 * The package as an SFDX project, to be deployed into an org or made a package of: `sf project deploy start --manifest
 * manifest/package.xml`. What it consists of stands in connectors/salesforce/package.ts, by which everything that writes goes.
 */
import { API_VERSION, LOGIN_URL } from '../../connectors/salesforce/version.ts'
import { metadataFile } from './metadata.ts'
import { objectFiles } from './objects.ts'
import { permissionFiles } from './permissions.ts'

/** Contents by path, with slashes. */
export type ProjectFiles = ReadonlyMap<string, string>

/** Where sources lie, as `sf project generate` has it. */
const SOURCES = 'force-app/main/default'

/**
 * @example
 * salesforceProject().get('manifest/package.xml')
 */
export function salesforceProject(): ProjectFiles {
  const sources = new Map([...objectFiles(), ...permissionFiles()])
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

/** Kinds of metadata by the folder and ending of their files, in the order in which Salesforce lists them. */
const KINDS: readonly {
  readonly name: string
  readonly of: RegExp
  readonly member: (found: readonly string[]) => string
}[] = [
  {
    name: 'CustomField',
    of: /^objects\/(\w+)\/fields\/(\w+)\.field-meta\.xml$/,
    member: ([, object, field]) => `${object}.${field}`,
  },
  { name: 'CustomObject', of: /^objects\/(\w+)\/\w+\.object-meta\.xml$/, member: ([, object]) => object },
  {
    name: 'PermissionSet',
    of: /^permissionsets\/(\w+)\.permissionset-meta\.xml$/,
    member: ([, name]) => name,
  },
]

function packageXml(paths: readonly string[]): string {
  const types = KINDS.map(({ name, of, member }) => ({
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
