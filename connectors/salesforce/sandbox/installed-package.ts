/** The Holdfast package, as an org has it after an admin installed it. */
import {
  fieldsOf,
  INTERVENTION,
  PACKAGE,
  packageNames,
  PERMISSION_SETS,
  type PackageField,
} from '../package.ts'
import { long, of, pick, refer, text, type GivenField } from './field.ts'
import { customObject } from './objects.ts'
import type { SalesforceState } from './state.ts'

/** @param namespace null: deployed from source */
export function installPackage(state: SalesforceState, namespace: string | null): void {
  const names = packageNames(namespace)
  const own = names.of(INTERVENTION.name)
  state.defineObject(
    customObject(own, {
      label: INTERVENTION.label,
      plural: INTERVENTION.plural,
      prefix: 'a01',
      fields: {
        Name: text(80, {
          autoNumber: true,
          required: true,
          nameField: true,
          label: INTERVENTION.nameField.label,
        }),
      },
    }),
  )
  for (const { object } of PACKAGE) {
    const type = names.of(object)
    for (const field of fieldsOf(object)) {
      const given = fieldGiven(field, (name) => names.of(name))
      state.define(type, names.of(field.name), given)
      // A custom field of activities is on both.
      if (object === 'Task') state.define('Event', names.of(field.name), given)
    }
  }
  for (const { name, label } of Object.values(PERMISSION_SETS)) {
    const set = state.createRecord('PermissionSet', { Name: name, Label: label, NamespacePrefix: namespace })
    if (name !== PERMISSION_SETS.integration.name) continue
    state.createRecord('PermissionSetAssignment', {
      PermissionSetId: set,
      AssigneeId: state.users.integration,
    })
  }
  state.put('packages', 'Holdfast', { SubscriberPackageNamespace: namespace, Version: '1.0.0' })
}

function fieldGiven(field: PackageField, name: (plain: string) => string): GivenField {
  const base: GivenField = {
    label: field.label,
    help: field.description,
    ...(field.precision === undefined ? {} : { precision: field.precision, scale: field.scale ?? 0 }),
    unique: field.unique ?? false,
    externalId: field.externalId ?? false,
  }
  switch (field.type) {
    case 'Text':
      return text(field.length ?? 255, base)
    case 'LongTextArea':
      return long(field.length, base)
    case 'Number':
      return of('double', base)
    case 'Percent':
      return of('percent', base)
    case 'Date':
      return of('date', base)
    case 'DateTime':
      return of('datetime', base)
    case 'Picklist':
      return pick([], {
        ...base,
        restricted: field.restricted ?? false,
        values: (field.values ?? []).map((one) => ({ ...one, active: true, defaultValue: false })),
      })
    case 'Lookup':
      return refer(name(field.refersTo ?? 'Account'), base)
  }
}
