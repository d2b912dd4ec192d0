/**
 * The project through HubSpot's own parser, as its command line runs it before an upload. The schemas that it judges by come
 * from HubSpot only for whoever is signed in; here they are made of our own shapes, so that its rules run as a whole.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { http } from '@hubspot/local-dev-lib/http'
import { parseProjectConfig } from '@hubspot/project-parsing-lib/projects'
import { mapToInternalType } from '@hubspot/project-parsing-lib/transform'
import { translate } from '@hubspot/project-parsing-lib/translate'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import type { ProjectFiles } from '../../../manifest/hubspot/check.ts'
import { KINDS } from '../../../manifest/hubspot/kinds.ts'
import { UIDS } from '../../../manifest/hubspot/kinds/kind.ts'
import { hubspotProject } from '../../../manifest/hubspot/project.ts'

const ASKED: string[] = []
const real = http.get
beforeAll(() => {
  const schemas = Object.fromEntries(
    KINDS.map(({ type, shape }) => [mapToInternalType(type), configSchema(shape)]),
  )
  http.get = async <Data>(_account: number, { url }: { readonly url: string }) => {
    ASKED.push(url)
    return { data: schemas } as Data
  }
})
afterAll(() => {
  http.get = real
})

/** What a shape says of `config`, as JSON Schema; how an address begins is lost on the way, and added. */
function configSchema(shape: z.ZodType): unknown {
  const whole = z.toJSONSchema(shape, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      const { def } = zodSchema['_zod'] as {
        readonly def: { readonly protocol?: RegExp; readonly hostname?: RegExp }
      }
      if (def.protocol === undefined) return
      const [protocol, host] = [def.protocol, def.hostname].map((one) => one?.source.replace(/^\^|\$$/g, ''))
      jsonSchema.pattern = `^${protocol}://${host === undefined ? '' : `${host}[:/]`}`
    },
  })
  return { ...(whole.properties!['config'] as object), $defs: whole.$defs }
}

const options = {
  publicUrl: 'https://holdfast.example.com',
  name: 'Holdfast',
  distribution: 'private',
  supportEmail: 'help@example.com',
} as const
const project = hubspotProject(options)
const APP = 'src/app/app-hsmeta.json'
const WEBHOOKS = 'src/app/webhooks/webhooks-hsmeta.json'
const CARD = 'src/app/cards/record-tab-hsmeta.json'
const SCORE = 'src/app/workflow-actions/score-hsmeta.json'

async function parsed(files: ProjectFiles) {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-project-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  for (const [path, text] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  const { platformVersion, srcDir } = parseProjectConfig(folder)
  return translate({ projectSourceDir: join(folder, srcDir), platformVersion, accountId: 4711 })
}

/** What a test changes in it is what the test is about. */
type Content = ReturnType<typeof JSON.parse>
const changed = (path: string, change: (content: Content) => void): ProjectFiles => {
  const content = JSON.parse(project.get(path)!) as Content
  change(content)
  return new Map([...project, [path, JSON.stringify(content)]])
}
const moved = (from: string, to: string): ProjectFiles =>
  new Map([...project].map(([path, text]) => [path === from ? to : path, text]))

describe("the app's project in HubSpot's own parser", () => {
  it.each([
    ['private', options],
    ['for the marketplace', { ...options, distribution: 'marketplace' }],
    ['that tells Sentry', { ...options, sentryDataset: 'acme-holdfast' }],
    ['with nobody named who helps', { ...options, supportEmail: null }],
  ] as const)('is taken, one that is %s', async (_, given) => {
    ASKED.length = 0
    const { intermediateRepresentation, skippedHsMetaFiles } = await parsed(hubspotProject(given))
    expect(skippedHsMetaFiles).toEqual([])
    // It did judge by the schemas.
    expect(ASKED).toEqual(['project-components-external/project-schemas/v3/2026.09'])
    const { telemetry, ...always } = UIDS
    const uids = Object.values(always).flatMap((uid) =>
      typeof uid === 'string' ? [uid] : Object.values(uid),
    )
    expect(Object.keys(intermediateRepresentation.intermediateNodesIndexedByUid).toSorted()).toEqual(
      [...uids, ...('sentryDataset' in given ? [telemetry] : [])].toSorted(),
    )
  })

  it.each<[string, ProjectFiles, RegExp]>([
    ['a wrong enum', changed(APP, (it) => (it.config.distribution = 'public')), /distribution/],
    ['a sign-in of another kind', changed(APP, (it) => (it.config.auth.type = 'static')), /type/],
    [
      'an open redirect',
      changed(APP, (it) => (it.config.auth.redirectUrls = ['http://holdfast.example.com/back'])),
      /redirectUrls/,
    ],
    [
      'a redirect to another machine without https',
      changed(APP, (it) => (it.config.auth.redirectUrls = ['http://localhost.example.com/'])),
      /redirectUrls/,
    ],
    [
      'a redirect to nowhere',
      changed(APP, (it) => (it.config.auth.redirectUrls = ['/back'])),
      /redirectUrls/,
    ],
    ['no target', changed(WEBHOOKS, (it) => delete it.config.settings.targetUrl), /targetUrl/],
    ['a place that there is not', changed(CARD, (it) => (it.config.location = 'crm.record.top')), /location/],
    [
      'a client that there is not',
      changed(SCORE, (it) => (it.config.supportedClients = [{ client: 'ROBOTS' }])),
      /client/,
    ],
    ['a field that nobody knows', changed(APP, (it) => (it.config.logo = 'x')), /logo/],
    ['a top field that nobody knows', changed(APP, (it) => (it.version = 1)), /version/],
    ['a uid with blanks', changed(CARD, (it) => (it.uid = 'my card')), /uid|character/i],
    ['a uid that is too long', changed(CARD, (it) => (it.uid = 'a'.repeat(65))), /uid|character/i],
    ['no uid', changed(CARD, (it) => delete it.uid), /uid/i],
    ['a uid of another file', changed(CARD, (it) => (it.uid = UIDS.webhooks)), /uid/i],
    ['a kind that there is not', changed(WEBHOOKS, (it) => (it.type = 'webhook')), /type/i],
    [
      'a file in the folder of another kind',
      moved(WEBHOOKS, 'src/app/cards/webhooks-hsmeta.json'),
      /director|folder|located/i,
    ],
    [
      'a second app',
      new Map([
        ...project,
        ['src/app/other-hsmeta.json', project.get(APP)!.replace('"holdfast_app"', '"other"')],
      ]),
      /one|multiple|duplicate/i,
    ],
    ['no app', new Map([...project].filter(([path]) => path !== APP)), /app/i],
  ])('is refused with %s', async (_, files, reason) => {
    // What it says of each file is in the error's text, and not in its message.
    const refused = await parsed(files).then(
      () => 'it was taken',
      (error: unknown) => String(error),
    )
    expect(refused).toMatch(reason)
  })

  it('leaves a file aside that lies where nothing is read, and says so', async () => {
    const { skippedHsMetaFiles } = await parsed(moved(CARD, 'src/app/card/record-tab-hsmeta.json'))
    expect(skippedHsMetaFiles).toEqual(['app/card/record-tab-hsmeta.json'])
  })
})
