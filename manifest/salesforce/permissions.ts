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
import { metadataFile, type Metadata } from './metadata.ts'

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

function permissionSet(kind: Kind): Readonly<Record<string, Metadata>> {
  const writes = kind === 'integration'
  return {
    label: PERMISSION_SETS[kind].label,
    description: ABOUT[kind],
    hasActivationRequired: false,
    fieldPermissions: PACKAGE.flatMap(({ object, fields }) =>
      (GRANTED_ON[object] ?? [object]).flatMap((on) =>
        fields.map(({ name }) => ({ field: `${on}.${name}`, readable: true, editable: writes })),
      ),
    ).toSorted((a, b) => (a.field < b.field ? -1 : 1)),
    objectPermissions: [
      {
        object: INTERVENTION.name,
        allowCreate: writes,
        allowDelete: writes,
        allowEdit: writes,
        allowRead: true,
        modifyAllRecords: false,
        viewAllRecords: writes,
      },
    ],
  }
}
