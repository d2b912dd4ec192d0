/**
 * Whether the time of a refusal tells what is wrong with a signed request of HubSpot: each kind of wrong in turn with a right one.
 *
 *   node bench/signatures.ts [--rounds 20000] [--short]
 *
 * The bar is a tenth either way at the median. It is reckoned without the network, which would hide it.
 */
import { createHmac } from 'node:crypto'
import { parseArgs } from 'node:util'
import { verifySignatureV3 } from '../connectors/hubspot/webhook.ts'

const { values: options } = parseArgs({
  options: { rounds: { type: 'string' }, short: { type: 'boolean', default: false } },
})
const rounds = Number(options.rounds ?? (options.short ? 4000 : 20_000))
const BAR = 0.1
const SECRET = 'yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy'
const now = new Date()
const body = Buffer.from(JSON.stringify({ objectTypeId: '0-2', objectId: '512', note: 'x'.repeat(400) }))
const asked = {
  secret: SECRET,
  method: 'POST',
  url: 'https://holdfast.example.com/crm/hubspot/card/score?userId=77&portalId=4711&userEmail=rep%40acme.example&appId=3',
  body,
  now,
}
const signed = (timestamp: string, url = asked.url): string =>
  createHmac('sha256', SECRET)
    .update(`POST${url.replace('%40', '@')}`)
    .update(body)
    .update(timestamp)
    .digest('base64')
const fresh = String(now.getTime())
const old = String(now.getTime() - 600_000)
const right = signed(fresh)
const other = (character: string): string => (character === 'A' ? 'B' : 'A')

const KINDS: Readonly<Record<string, { timestamp: string; signature: string }>> = {
  right: { timestamp: fresh, signature: right },
  'wrong from the first character on': { timestamp: fresh, signature: other(right[0]) + right.slice(1) },
  'wrong in the last one': {
    timestamp: fresh,
    signature: right.slice(0, -2) + other(right.at(-2)!) + right.at(-1)!,
  },
  'ten minutes old': { timestamp: old, signature: signed(old) },
  'for another host': { timestamp: fresh, signature: signed(fresh, asked.url.replace('holdfast.', 'evil.')) },
  'too short': { timestamp: fresh, signature: right.slice(0, 5) },
}

const taken = new Map(Object.keys(KINDS).map((kind) => [kind, [] as number[]]))
for (let round = 0; round < rounds; round++)
  for (const [kind, { timestamp, signature }] of Object.entries(KINDS)) {
    const begun = process.hrtime.bigint()
    const taking = verifySignatureV3({ ...asked, timestamp, signature })
    const spent = Number(process.hrtime.bigint() - begun)
    if (taking !== (kind === 'right')) throw new Error(`${kind}: taken ${taking}`)
    // The first ones compile.
    if (round > rounds / 10) taken.get(kind)!.push(spent)
  }

const median = (all: readonly number[]): number => all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)]
const usual = median(taken.get('right')!)
const ratios: number[] = []
for (const [kind, all] of taken) {
  const ratio = median(all) / usual
  ratios.push(ratio)
  process.stdout.write(
    `${kind.padEnd(36)}${(median(all) / 1000).toFixed(2).padStart(8)} µs  ${ratio.toFixed(3)} of a right one\n`,
  )
}
const worst = Math.max(...ratios.map((ratio) => Math.abs(ratio - 1)))
process.stdout.write(
  `furthest from it: ${(worst * 100).toFixed(1)} %${worst > BAR ? `: over the bar of ${BAR * 100} %` : ''}\n`,
)
