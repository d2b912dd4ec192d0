/**
 * Two HubSpot portals in one process, one of them at its limit: what the other gets done meanwhile.
 *
 *   node bench/portals.ts [--rounds 1]
 *
 * One portal reads its companies page by page, more pages than a window of its limit holds, alone and beside another
 * that asks as fast as its own limit lets it. Both are sandboxes with HubSpot's own limits, in real time. Bar:
 * throughput unchanged, a ratio of 1 but for the noise of the machine.
 */
import { parseArgs } from 'node:util'
import { setTimeout as sleep } from 'node:timers/promises'
import { openHubSpotClient, type HubSpotClient } from '../connectors/hubspot/client.ts'
import { openPacers } from '../connectors/hubspot/limiter.ts'
import { openObjects } from '../connectors/hubspot/objects.ts'
import { startHubSpotSandbox, type HubSpotSandbox } from '../connectors/hubspot/sandbox/server.ts'
import { fixedToken } from '../connectors/hubspot/tokens.ts'

const { values: options } = parseArgs({ options: { rounds: { type: 'string', default: '1' } } })
const rounds = Number(options.rounds)
const PAGES = 250
const clock = (): Date => new Date()
const print = (line: string): void => void process.stdout.write(`${line}\n`)

const pacers = openPacers()
const quiet = await portal('147000001')
const busy = await portal('147000002')
try {
  await pages(quiet.client, 5)
  const ratios: number[] = []
  for (let round = 0; round < rounds; round++) {
    // Both portals begin with a whole window of calls.
    await sleep(10_500)
    const alone = await pages(quiet.client, PAGES)
    const stop = new AbortController()
    const asking = Array.from({ length: 8 }, async () => {
      while (!stop.signal.aborted) await pages(busy.client, 1)
    })
    await sleep(10_500)
    const before = busy.sandbox.requests().length
    const beside = await pages(quiet.client, PAGES)
    const meanwhile = busy.sandbox.requests().length - before
    stop.abort()
    await Promise.all(asking)
    ratios.push(beside / alone)
    print(
      `${PAGES} pages alone ${alone.toFixed(0)} ms, beside ${beside.toFixed(0)} ms (the other portal got ${meanwhile} calls meanwhile)`,
    )
  }
  const median = ratios.toSorted((a, b) => a - b)[Math.floor(rounds / 2)]
  const refused = [quiet, busy]
    .flatMap(({ sandbox }) => sandbox.requests())
    .filter(({ status }) => status === 429)
  print(
    `time beside against alone, median of ${rounds}: ${median.toFixed(2)}; refused by a limit: ${refused.length}`,
  )
} finally {
  await quiet.sandbox.close()
  await busy.sandbox.close()
}

async function portal(id: string): Promise<{ sandbox: HubSpotSandbox; client: HubSpotClient }> {
  const sandbox = await startHubSpotSandbox({
    clock,
    portal: id,
    seed: (state) => {
      for (let i = 0; i < 6000; i++) state.createRecord('companies', { name: `Company ${i}` })
    },
  })
  const client = openHubSpotClient({
    baseUrl: sandbox.url,
    portal: id,
    tokens: fixedToken(sandbox.authorize().accessToken),
    pacer: pacers.of(id, 'oauth'),
    clock,
  })
  return { sandbox, client }
}

/** @returns milliseconds */
async function pages(client: HubSpotClient, many: number): Promise<number> {
  const objects = openObjects(client)
  const begun = performance.now()
  let after: string | null = null
  for (let page = 0; page < many; page++)
    ({ after } = await objects.list('companies', { properties: ['name'] }, { after }))
  return performance.now() - begun
}
