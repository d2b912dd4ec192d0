/**
 * The settings that an admin finds inside the CRM: some of the form that the app has (src/settings), each with the same name,
 * meaning, bounds and checks, as fields that the CRM's own inputs can draw. Shares are percent there.
 */
import type { CardField } from '../../contracts/record-card.ts'
import { controlAt } from '../../settings/changes.ts'
import type { Control, Field, NumberControl, VariantControl } from '../../settings/controls.ts'
import { shown, taken } from '../../settings/form-values.ts'
import { fieldPath, stepsOf } from '../../settings/path.ts'
import { actionsOf, maskRules, reportingCurrency } from '../../settings/planning.ts'
import { settingsFields } from '../../settings/sections.ts'
import type { ServiceSettings } from '../../settings/service.ts'

export type CardValue = boolean | number | string | null

export interface FieldSection {
  /** As the app names it in the address of its own settings. */
  readonly key: string
  readonly title: string
  readonly text: string
  readonly fields: readonly CardField[]
}

/**
 * In the order in which an admin thinks of them.
 *
 * @example
 * fieldSections(settings)[0].fields[0].key // 'levels.kind'
 */
export function fieldSections(settings: ServiceSettings): readonly FieldSection[] {
  const unit = reportingCurrency(settings)
  const some = (...paths: readonly string[]): readonly CardField[] =>
    paths.map((path) => {
      const field = settingsFields().find((one) => one.path === path)!
      return cardField(field, { key: path, value: valueAt(settings, stepsOf(path)), unit })
    })
  return [
    {
      key: 'levels',
      title: 'Levels',
      text: 'From which risk a customer is high or medium. Levels sort lists and alerts; actions are chosen by worth.',
      fields: levelFields(settings),
    },
    {
      key: 'actions',
      title: 'Actions',
      text: 'What may be done at all. What is off is never chosen.',
      fields: actionFields(settings),
    },
    {
      key: 'limits',
      title: 'Limits',
      text: 'How often people hear from you, and what may be spent. No model overrules these.',
      fields: some(
        'guard.perDay',
        'guard.perWeek',
        'contact.perPeriod',
        'contact.cooldownDays',
        'discounts.perYear',
        'discounts.deepest',
        'budget',
      ),
    },
    {
      key: 'delivery',
      title: 'Delivery and approval',
      text: 'What leaves Holdfast at all, and what a person says yes to first.',
      fields: some(
        'delivery.mode',
        'delivery.approval.discounts',
        'delivery.approval.calls',
        'delivery.approval.email',
        'delivery.approval.sms',
      ),
    },
    {
      key: 'write_back',
      title: 'On the record',
      text: 'Whether risk and suggestion are written onto the record, who sees them there, and who answers there.',
      fields: some('writeBack.enabled', 'cards.shown', 'cards.answers'),
    },
  ]
}

/**
 * What the page's values are as settings, by path.
 *
 * @returns `unknown`: keys of which the page has no field, or one that is fixed
 * @example
 * settingsFrom(settings, { 'discounts.deepest': 20 }).set // { 'discounts.deepest': 0.2 }
 */
export function settingsFrom(
  settings: ServiceSettings,
  values: Readonly<Record<string, CardValue>>,
): { readonly set: Readonly<Record<string, unknown>>; readonly unknown: readonly string[] } {
  const open = new Set(
    fieldSections(settings).flatMap(({ fields }) =>
      fields.flatMap(({ key, fixed }) => (fixed === null ? [key] : [])),
    ),
  )
  const named = Object.entries(values)
  const unknown = named.flatMap(([key]) => (open.has(key) ? [] : [key]))
  const others = named.filter(([key]) => !ofLevels(key))
  const set = Object.fromEntries(
    others.map(([key, value]) => [key, asKept(controlAt(settingsFields(), stepsOf(key)), value)]),
  )
  return {
    set: named.length === others.length ? set : { ...set, levels: levelsFrom(settings, values) },
    unknown,
  }
}

/** The field of the page that a problem with a setting stands at; null: none. */
export function fieldOfProblem(settings: ServiceSettings, path: string): string | null {
  const keys = fieldSections(settings).flatMap(({ fields }) => fields.map(({ key }) => key))
  return (
    keys.find((key) => key === path) ??
    keys.find((key) => path.startsWith(`${key}.`)) ??
    // What is wrong between the numbers of a kind stands at the first of them.
    keys.find((key) => key.startsWith(`${path}.`) && key !== 'levels.kind') ??
    null
  )
}

interface Shown {
  readonly key: string
  readonly value: unknown
  /** Of money. */
  readonly unit: string
  readonly label?: string
}

function cardField(field: Field, { key, value, unit, label = field.title }: Shown): CardField {
  const { control, about, none, unset } = field
  const empty = none ?? unset
  const help = [`${about}.`, ...(empty === null ? [] : [`Empty: ${empty.toLowerCase()}.`])].join(' ')
  const told = { key, label, help, fixed: null }
  switch (control.kind) {
    case 'switch':
      return { ...told, kind: 'switch', value: value === true }
    case 'number':
    case 'percent':
    case 'money':
    case 'duration':
    case 'hour':
      return {
        ...told,
        kind: 'number',
        value: typeof value === 'number' ? asTyped(control, value) : null,
        min: bound(control, control.orZero ? 0 : control.min),
        max: bound(control, control.max),
        unit: control.kind === 'percent' ? '%' : control.kind === 'money' ? unit : control.unit,
      }
    case 'choice':
      return {
        ...told,
        kind: 'choice',
        value: String(value),
        options: control.options.map((option) => ({ value: String(option.value), label: option.label })),
      }
    default:
      return { ...told, kind: 'text', value: String(value ?? '') }
  }
}

const asTyped = (control: NumberControl, value: number): number => Number(shown(control, value))

const bound = (control: NumberControl, end: number | null): number | null =>
  end === null ? null : asTyped(control, end)

/** Numbers come as they are typed: a share as percent. */
function asKept(control: Control | null, value: CardValue): unknown {
  return typeof value === 'number' && control !== null ? taken(control, String(value)) : value
}

/** Whether each action is in use. */
function actionFields(settings: ServiceSettings): readonly CardField[] {
  const actions = actionsOf(settings)
  const { enabled } = maskRules(settings, actions)
  const own = new Set(settings.actions.own.map(({ key }) => key))
  return actions.flatMap(({ key, name }, at): CardField[] =>
    // Doing nothing is always possible.
    at === 0
      ? []
      : [
          {
            key: fieldPath([...(own.has(key) ? ['actions', 'own'] : ['catalogue']), key, 'enabled']),
            label: name,
            help: null,
            fixed: null,
            kind: 'switch',
            value: enabled[at],
          },
        ],
  )
}

const ofLevels = (key: string): boolean => key.startsWith('levels.')

/** A choice of kinds, and the numbers of the one that is chosen. */
function levelFields(settings: ServiceSettings): readonly CardField[] {
  const field = settingsFields().find(({ path }) => path === 'levels')!
  const { by, options } = field.control as VariantControl
  const { levels } = settings
  const chosen = options.find(({ value }) => value === levels.kind)
  return [
    {
      key: fieldPath(['levels', by]),
      label: field.title,
      help: 'Where you choose another kind, save it: its numbers stand here then.',
      fixed: null,
      kind: 'choice',
      value: levels.kind,
      options: options.map(({ value, label }) => ({ value, label })),
    },
    ...(chosen?.fields ?? []).flatMap((inner) => {
      const value = valueAt(levels, stepsOf(inner.path))
      return inner.path.startsWith('capacity')
        ? []
        : [cardField(inner, { key: `levels.${inner.path}`, value, unit: '' })]
    }),
  ]
}

/** What another kind starts from: of the fixed ones the risks of the reference. */
const FIRST = { multiple: { high: 2, medium: 1 }, fixed: { high: 0.7, medium: 0.4 }, reference: {} } as const

function levelsFrom(settings: ServiceSettings, values: Readonly<Record<string, CardValue>>): unknown {
  const { levels } = settings
  const kind = values['levels.kind'] ?? levels.kind
  const capacity = levels.capacity === undefined ? {} : { capacity: levels.capacity }
  // The numbers beside it were those of the kind before.
  if (kind !== levels.kind) return { kind, ...FIRST[kind as keyof typeof FIRST], ...capacity }
  const { by, options } = settingsFields().find(({ path }) => path === 'levels')!.control as VariantControl
  const fields = options.find((one) => one.value === levels[by as 'kind'])?.fields ?? []
  const next = new Map<string, unknown>(Object.entries(levels))
  for (const { path, control, unset } of fields) {
    const value = values[`levels.${path}`]
    if (value === null && unset !== null) next.delete(path)
    else if (value !== undefined) next.set(path, asKept(control, value))
  }
  return Object.fromEntries(next)
}

function valueAt(object: unknown, steps: readonly string[]): unknown {
  return steps.reduce<unknown>(
    (value, step) => (typeof value === 'object' && value !== null ? Reflect.get(value, step) : undefined),
    object,
  )
}
