import { expect, test } from 'vitest'
import type { Happened } from './incidents.ts'
import { recoveriesOf, type Entry } from './oracle.ts'

const entry = (moves: readonly (readonly [to: string, at: number, pid: number])[]): Entry => ({
  id: 'one',
  channel: 'email',
  at: 0,
  to: 'one@example.com',
  state: 'sent',
  reasonCode: null,
  providerId: null,
  arrived: [],
  moves: moves.map(([to, at, pid]) => ({ from: null, to, at, actor: `${pid}/worker` })),
})
const fault = (kind: Happened['kind'], pid: number | null, from: number, until = from): Happened => ({
  kind,
  pid,
  from,
  until,
})

const SENDING = entry([
  ['leased', 100, 7],
  ['sending', 200, 7],
  ['uncertain', 9000, 8],
])

test('what was in flight with a process that died recovers from its death to its next move', () => {
  expect(recoveriesOf([SENDING], [fault('kill', 7, 1000)])).toEqual([
    { channel: 'email', kind: 'kill', ms: 8000, sinceFirstMs: 8000 },
  ])
})

test('what a second fault meets before it moved on recovers once, from the later one, and the first is kept', () => {
  expect(recoveriesOf([SENDING], [fault('freeze', 7, 1000, 3000), fault('kill', 7, 4000)])).toEqual([
    { channel: 'email', kind: 'kill', ms: 5000, sinceFirstMs: 6000 },
  ])
})

test('a fault of another process, of another channel or after the move leaves the time as it is', () => {
  const others = [fault('kill', 8, 2000), fault('sms_cut', null, 2000, 5000), fault('kill', 7, 9500)]
  expect(recoveriesOf([SENDING], [fault('kill', 7, 1000), ...others])).toEqual([
    { channel: 'email', kind: 'kill', ms: 8000, sinceFirstMs: 8000 },
  ])
})

test('what was not in flight, or never moved again, recovered from nothing', () => {
  const planned = entry([
    ['planned', 100, 7],
    ['leased', 5000, 7],
  ])
  expect(recoveriesOf([planned], [fault('kill', 7, 1000), fault('kill', 7, 6000)])).toEqual([])
})
