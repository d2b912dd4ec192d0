/** Cards as the server writes them, one a state. */
import type { CardPressed, RecordCard } from '../contract.ts'

export const scored: RecordCard = {
  state: 'scored',
  sentence: 'Northwind may leave: €38,400 a year is at risk, and a call is worth most.',
  name: 'Northwind',
  notices: [
    { kind: 'dry_run', tone: 'info', text: 'Nothing is sent yet: Holdfast only shows what it would do.' },
    { kind: 'stale', tone: 'warning', text: 'This is of 12 Nov: HubSpot could not be read since.' },
  ],
  risk: {
    probability: 0.41,
    text: '41 %',
    level: 'HIGH',
    levelText: 'High',
    means: 'may leave within 90 days',
    asOf: 'as of 21 Nov',
    trend: 'was 17 % thirty days ago',
    history: [
      { date: '2026-10-22', probability: 0.17 },
      { date: '2026-11-07', probability: 0.293 },
      { date: '2026-11-21', probability: 0.41 },
    ],
  },
  value: '€38,400 at risk · renews 12 Jan',
  reasons: [
    { sentence: 'Logins fell 62 % in 30 days', raises: true },
    { sentence: 'Month-to-month: twice the usual risk', raises: true },
    { sentence: 'Customer for 3 years', raises: false },
  ],
  suggestion: {
    title: 'Call Ines Vogt',
    sentences: [
      'The call is worth most: +€2,870 expected over 12 months at a cost of €60.',
      'Discounts need a month without one: 10 % was given in July.',
      'SMS has no consent.',
    ],
    worth: '€2,870 over 12 months',
    cost: '€60',
    standing: 'Waits for a yes until 28 Nov',
    message: null,
  },
  answers: {
    intervention: 'int_1',
    asked: '2026-11-21T09:00:00Z',
    approve: 'Approve call',
    snoozeDays: [7, 14, 30],
    notRight: [
      { key: 'not_at_risk', label: 'They are not about to leave' },
      { key: 'already_done', label: 'I have done it already' },
      { key: 'other', label: 'Something else' },
    ],
    refused: null,
  },
  history: [
    { when: '3 Oct', text: 'E-mail “How is it going?” sent to Ines Vogt; opened' },
    { when: '14 Jul', text: '10 % for three months given by Jon' },
  ],
  consent: [
    { channel: 'E-mail', allowed: true, text: 'agreed on 3 Mar' },
    { channel: 'SMS', allowed: false, text: 'no consent on record' },
  ],
  mayScore: true,
  updated: 'Updated 9:12 today',
  more: { label: 'Open in Holdfast', href: 'https://holdfast.example.com/customers/cus_1' },
}

/** The same, where the suggestion is a message to the customer. */
export const mailing: RecordCard = {
  ...scored,
  suggestion: {
    ...scored.suggestion!,
    title: 'E-mail to Ines Vogt',
    message: { to: 'customer', subject: 'Fewer logins lately', text: 'Dear Ines,\n\nshall we talk?\n\nJon' },
  },
  answers: { ...scored.answers!, approve: 'Approve e-mail' },
}

const without = (state: RecordCard['state'], sentence: string): RecordCard => ({
  ...scored,
  state,
  sentence,
  notices: [],
  risk: null,
  value: null,
  reasons: [],
  suggestion: null,
  answers: null,
  history: [],
  mayScore: false,
})

/** By state; each of these has no risk to show. */
export const unscored = {
  waiting: {
    ...without(
      'waiting',
      'Northwind is a customer and was not scored yet. It is with the next run at 2:00, or now.',
    ),
    mayScore: true,
    updated: null,
  },
  unknown: without(
    'unknown',
    'HubSpot was not read as far as this record yet; the first read takes about 20 minutes.',
  ),
  outside: without(
    'outside',
    'Northwind is not scored: its lifecycle stage is lead, and customers are scored.',
  ),
  left: without('left', 'Northwind left on 3 Nov. It is scored again when it is a customer again.'),
  objects: without('objects', 'Ines Vogt does not want to be profiled, so that nothing is scored here.'),
  no_access: {
    ...without(
      'no_access',
      'Only people of Acme who sign in to Holdfast may see risks. Ask your admin to invite you.',
    ),
    name: null,
    consent: [],
    updated: null,
    more: null,
  },
} satisfies Partial<Record<RecordCard['state'], RecordCard>>

/** Left alone for comparison: a risk, and nothing suggested. */
export const heldOut: RecordCard = {
  ...scored,
  sentence: 'Northwind may leave. It is left as it is, to measure what Holdfast brings.',
  notices: [{ kind: 'held_out', tone: 'info', text: 'One customer in ten is left as it is for comparison.' }],
  suggestion: null,
  answers: null,
}

/** What could be read of it. */
export const partial: RecordCard = {
  ...scored,
  notices: [{ kind: 'partial', tone: 'danger', text: 'What was done before could not be read.' }],
  value: null,
  history: [],
  consent: [],
  risk: { ...scored.risk!, trend: null, history: [] },
}

export const approved: CardPressed = {
  said: 'Approved. The call is made out as a task to Jon.',
  tone: 'success',
  card: {
    ...scored,
    suggestion: { ...scored.suggestion!, standing: 'Jon has a task for it' },
    answers: {
      ...scored.answers!,
      asked: '2026-11-21T09:12:00Z',
      approve: null,
      snoozeDays: [],
      notRight: [],
      refused: 'Approved by you at 9:12.',
    },
  },
}
