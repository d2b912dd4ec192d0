/** Lists, settings and answers to many, as the server writes them. */
import type { CardBulk, CardLine, CardList, CardSettings, CardSettingsSaved } from '../contract.ts'

const line = (objectId: string, name: string): CardLine => ({
  objectTypeId: '0-2',
  objectId,
  name,
  risk: '41 %',
  level: 'HIGH',
  levelText: 'High',
  valueAtRisk: '€38,400',
  renews: '12 Jan',
  reason: 'Logins fell 62 % in 30 days',
  suggestion: 'Call, waits for your yes',
})

export const mine: CardList = {
  sentence: '€61,200 a year is at risk in 3 of your customers.',
  notices: [{ kind: 'dry_run', tone: 'info', text: 'Nothing is sent yet.' }],
  whose: 'mine',
  mayAll: true,
  lines: [
    line('512', 'Northwind'),
    {
      ...line('77', 'Contoso'),
      risk: '9 %',
      level: 'LOW',
      levelText: 'Low',
      valueAtRisk: null,
      renews: null,
      reason: null,
      suggestion: null,
    },
  ],
  next: 'after-77',
  more: { label: 'All customers in Holdfast', href: 'https://holdfast.example.com/customers' },
}

export const mineAfter: CardList = { ...mine, lines: [line('90', 'Fabrikam')], next: null }

export const nobody: CardList = {
  ...mine,
  sentence: 'None of your customers is at risk.',
  notices: [],
  mayAll: false,
  lines: [],
  next: null,
  more: null,
}

export const settings: CardSettings = {
  sentence: 'Holdfast scores 1,204 companies of this account and sends nothing yet.',
  notices: [],
  mayChange: true,
  paused: null,
  mayPause: true,
  sections: [
    {
      key: 'actions',
      title: 'Actions',
      text: 'What may be done, and how often.',
      fields: [
        {
          key: 'delivery.dryRun',
          label: 'Only show what would be done',
          help: 'On: nothing is sent.',
          fixed: null,
          kind: 'switch',
          value: true,
        },
        {
          key: 'caps.month',
          label: 'Messages a month',
          help: null,
          fixed: null,
          kind: 'number',
          value: 200,
          min: 0,
          max: 10_000,
          unit: 'per person',
        },
        {
          key: 'sender.name',
          label: 'Sender',
          help: null,
          fixed: 'The domain is confirmed for it.',
          kind: 'text',
          value: 'Acme',
        },
        {
          key: 'levels.preset',
          label: 'Levels',
          help: null,
          fixed: null,
          kind: 'choice',
          value: 'capacity',
          options: [
            { value: 'capacity', label: 'By what your team can do' },
            { value: 'fixed', label: 'From 70 % and 40 %' },
          ],
        },
      ],
      more: { label: 'All actions in Holdfast', href: 'https://holdfast.example.com/settings#actions' },
    },
  ],
  version: 7,
}

export const saved = (change: Partial<CardSettingsSaved> = {}): CardSettingsSaved => ({
  said: 'Saved. It counts from the next run on.',
  tone: 'success',
  problems: {},
  settings: { ...settings, version: 8 },
  ...change,
})

export const taken: CardBulk = {
  said: '2 companies are scored now.',
  tone: 'success',
  taken: 2,
  left: [{ why: 'not among your customers', count: 1 }],
}
