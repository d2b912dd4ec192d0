/**
 * What is asked like records but is none: definitions of objects and fields, packages that are installed and the
 * selection of change data capture, made anew for each query.
 *
 * @see https://developer.salesforce.com/docs/atlas.en-us.api_tooling.meta/api_tooling/tooling_api_objects_fielddefinition.htm
 */
import { fieldOf, of, refer, text, type GivenField, type Value } from './field.ts'
import { HISTORIES } from './objects.ts'
import type { SalesforceState } from './state.ts'
import { looseRow, openTable, type Table } from './tables.ts'

interface Virtual {
  readonly fields: Readonly<Record<string, GivenField>>
  rows(state: SalesforceState): readonly Readonly<Record<string, Value>>[]
}

const VIRTUAL: Readonly<Record<string, Virtual>> = {
  EntityDefinition: {
    fields: {
      DurableId: text(),
      QualifiedApiName: text(),
      DeveloperName: text(),
      MasterLabel: text(),
      Label: text(),
      PluralLabel: text(),
      KeyPrefix: text(3),
      NamespacePrefix: text(15),
      IsQueryable: of('boolean'),
      IsCustomizable: of('boolean'),
      IsFieldHistoryTracked: of('boolean'),
    },
    rows: (state) =>
      state.objects().map((object) => ({
        Id: object.name,
        DurableId: object.name,
        QualifiedApiName: object.name,
        DeveloperName: object.name.replace(/__c$/, ''),
        MasterLabel: object.label,
        Label: object.label,
        PluralLabel: object.plural,
        KeyPrefix: object.prefix,
        NamespacePrefix: namespaceOf(object.name),
        IsQueryable: true,
        IsCustomizable: object.readOnly !== true,
        IsFieldHistoryTracked:
          HISTORIES[object.name] !== undefined &&
          state.fields(object.name).some(({ trackHistory }) => trackHistory),
      })),
  },
  FieldDefinition: {
    fields: {
      DurableId: text(),
      EntityDefinitionId: refer('EntityDefinition'),
      QualifiedApiName: text(),
      DeveloperName: text(),
      MasterLabel: text(),
      Label: text(),
      NamespacePrefix: text(15),
      DataType: text(),
      Length: of('int'),
      Precision: of('int'),
      Scale: of('int'),
      Description: text(),
      SecurityClassification: text(),
      ComplianceGroup: text(),
      BusinessStatus: text(),
      BusinessOwnerId: text(18),
      IsCalculated: of('boolean'),
      IsCompound: of('boolean'),
      IsFieldHistoryTracked: of('boolean'),
      IsIndexed: of('boolean'),
      IsNillable: of('boolean'),
      RelationshipName: text(),
    },
    rows: (state) =>
      state.objects().flatMap((object) =>
        state.fields(object.name).map((field) => ({
          Id: `${object.name}.${field.name}`,
          DurableId: `${object.name}.${field.name}`,
          EntityDefinitionId: object.name,
          QualifiedApiName: field.name,
          DeveloperName: field.name.replace(/__c$/, ''),
          MasterLabel: field.label,
          Label: field.label,
          NamespacePrefix: namespaceOf(field.name),
          DataType: field.type,
          Length: field.length,
          Precision: field.precision,
          Scale: field.scale,
          Description: field.help,
          SecurityClassification: field.securityClassification,
          ComplianceGroup: field.complianceGroup,
          BusinessStatus: null,
          BusinessOwnerId: null,
          IsCalculated: field.calculated,
          IsCompound: field.type === 'address',
          IsFieldHistoryTracked: field.trackHistory,
          IsIndexed: field.unique || field.externalId || field.type === 'reference',
          IsNillable: !field.required,
          RelationshipName: field.relationship,
        })),
      ),
  },
  PlatformEventChannelMember: {
    fields: { EventChannel: text(), SelectedEntity: text(), DeveloperName: text(), MasterLabel: text() },
    rows: (state) =>
      state.selectedForChangeEvents().map((type, at) => {
        const event = type.endsWith('__c') ? type.replace(/__c$/, '__ChangeEvent') : `${type}ChangeEvent`
        return {
          Id: `0v8xx00000000${String(at + 1).padStart(2, '0')}AAA`,
          EventChannel: 'ChangeEvents',
          SelectedEntity: event,
          DeveloperName: `ChangeEvents_${event}`,
          MasterLabel: `ChangeEvents_${event}`,
        }
      }),
  },
  InstalledSubscriberPackage: {
    fields: { SubscriberPackageName: text(), SubscriberPackageNamespace: text(15), Version: text() },
    rows: (state) =>
      [...state.entries('packages')].map(([name, value], at) => ({
        Id: `0A3xx00000000${String(at + 1).padStart(2, '0')}AAA`,
        SubscriberPackageName: name,
        ...(value as Readonly<Record<string, Value>>),
      })),
  },
}

const namespaceOf = (name: string): string | null => /^(\w+?)__\w+__\w+$/.exec(name)?.[1] ?? null

/** @returns the table of a name, filled as the org is now; null: none of these */
export function virtualTables(state: SalesforceState): (name: string) => Table | null {
  const names = new Map(Object.keys(VIRTUAL).map((name) => [name.toLowerCase(), name]))
  return (given) => {
    const name = names.get(given.toLowerCase())
    if (name === undefined) return null
    const table = openTable(name)
    const { fields, rows } = VIRTUAL[name]
    table.fields.set('id', fieldOf('Id', of('id')))
    for (const [field, definition] of Object.entries(fields)) {
      table.fields.set(field.toLowerCase(), fieldOf(field, definition))
    }
    for (const values of rows(state)) {
      const row = looseRow(String(values.Id), 0)
      for (const field of Object.keys(values)) if (field !== 'Id') table.set(row, field, values[field])
      table.insert(row)
    }
    return table
  }
}
