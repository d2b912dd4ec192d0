/**
 * Who may what. The integration user writes; reps and admins look, since what a person types into these fields would be
 * overwritten with the next score.
 */
import {
  INTERVENTION,
  PACKAGE,
  PERMISSION_SETS,
  type OurObject,
} from '../../connectors/salesforce/package.ts'
import { CREDENTIAL } from './credentials.ts'
import { metadataFile, type Metadata } from './metadata.ts'
import { ADMIN_PERMISSION, SETTING } from './set-up.ts'
import { APP_NAME, TABS } from './views.ts'

type Kind = keyof typeof PERMISSION_SETS

const ABOUT: Readonly<Record<Kind, string>> = {
  integration:
    'For the integration user that Holdfast signs in as: writes risk, reasons and suggestions onto accounts and contacts, and keeps interventions. Give it beside a permission set that lets the user see the records.',
  rep: 'For whoever looks after customers: sees risk, reasons, suggestions and interventions, and answers on the record.',
  admin: 'For admins of Holdfast in Salesforce: what reps have, and the settings.',
}

/** A field of an activity is granted on tasks and on events, each by itself: a deployment with one of them takes the other away. */
const GRANTED_ON: Readonly<Partial<Record<OurObject, readonly string[]>>> = { Task: ['Task', 'Event'] }

/** By path below the package's folder. */
export function permissionFiles(): ReadonlyMap<string, string> {
  const kinds = Object.keys(PERMISSION_SETS) as Kind[]
  return new Map(
    kinds.map((kind) => [
      `permissionsets/${PERMISSION_SETS[kind].name}.permissionset-meta.xml`,
      metadataFile('PermissionSet', permissionSet(kind)),
    ]),
  )
}

/** Which classes whom; those of Flows are for whoever runs them. */
const CLASSES: Readonly<Record<Kind, readonly string[]>> = {
  integration: [],
  rep: [
    'HoldfastCard',
    'HoldfastCustomers',
    'HoldfastDecideAction',
    'HoldfastInterveneAction',
    'HoldfastScoreAction',
    'HoldfastSettings',
    'HoldfastSetup',
  ],
  admin: [
    'HoldfastCard',
    'HoldfastCustomers',
    'HoldfastDecideAction',
    'HoldfastInterveneAction',
    'HoldfastScoreAction',
    'HoldfastSettings',
    'HoldfastSetup',
  ],
}

const objectPermission = (
  object: string,
  { read, write, all }: { readonly read: boolean; readonly write: boolean; readonly all: boolean },
): Readonly<Record<string, Metadata>> => ({
  object,
  allowCreate: write,
  allowDelete: write,
  allowEdit: write,
  allowRead: read,
  modifyAllRecords: false,
  viewAllRecords: all,
})

function permissionSet(kind: Kind): Readonly<Record<string, Metadata>> {
  const writes = kind === 'integration'
  const classes = CLASSES[kind]
  const asks = classes.length > 0
  return {
    label: PERMISSION_SETS[kind].label,
    description: ABOUT[kind],
    hasActivationRequired: false,
    applicationVisibilities: asks ? [{ application: APP_NAME, visible: true }] : [],
    classAccesses: classes.map((apexClass) => ({ apexClass, enabled: true })),
    customMetadataTypeAccesses: asks ? [{ name: SETTING.type, enabled: true }] : [],
    customPermissions: kind === 'admin' ? [{ name: ADMIN_PERMISSION, enabled: true }] : [],
    externalCredentialPrincipalAccesses: asks
      ? [{ externalCredentialPrincipal: `${CREDENTIAL.name}-${CREDENTIAL.principal}`, enabled: true }]
      : [],
    fieldPermissions: PACKAGE.flatMap(({ object, fields }) =>
      (GRANTED_ON[object] ?? [object]).flatMap((on) =>
        fields.map(({ name }) => ({ field: `${on}.${name}`, readable: true, editable: writes })),
      ),
    ).toSorted((a, b) => (a.field < b.field ? -1 : 1)),
    objectPermissions: [
      objectPermission(INTERVENTION.name, { read: true, write: writes, all: writes }),
      // Whoever makes callouts by an External Credential has to be able to read what it holds for them.
      ...(asks ? [objectPermission('UserExternalCredential', { read: true, write: false, all: false })] : []),
    ],
    tabSettings: asks
      ? [TABS.customers, ...(kind === 'admin' ? [TABS.settings] : []), INTERVENTION.name].map((tab) => ({
          tab,
          visibility: 'Visible',
        }))
      : [],
  }
}
