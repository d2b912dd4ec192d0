import { describe, expect, it } from 'vitest'
import { shippedActions } from '../../../actions/catalogue.ts'
import { APP_PATHS } from '../../../connectors/hubspot/app.ts'
import { WORKFLOW_DEFINITIONS } from '../../../connectors/hubspot/workflow-actions.ts'
import { APP_SCOPES } from '../../../connectors/hubspot/scopes.ts'
import { checkProject, type ProjectFiles } from '../../../manifest/hubspot/check.ts'
import { hubspotProject } from '../../../manifest/hubspot/project.ts'
import { workflowRoutes } from '../../../src/server/crm/hubspot-workflow.ts'
import { pageRoutes } from '../../../src/server/pages/routes.ts'
import { webhookRoutes } from '../../../src/server/webhooks.ts'

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
const SIDEBAR = 'src/app/cards/record-sidebar-hsmeta.json'
const PAGES = 'src/app/pages/pages-hsmeta.json'
const SETTINGS = 'src/app/settings/settings-hsmeta.json'
const BULK = 'src/app/actions/score-many-hsmeta.json'
const WORKFLOW = ['score', 'decide', 'intervene'].map(
  (name) => `src/app/workflow-actions/${name}-hsmeta.json`,
)
const [SCORE, , INTERVENE] = WORKFLOW

/** What a test changes in it is what the test is about. */
type Content = ReturnType<typeof JSON.parse>

const changed = (path: string, change: (content: Content) => void): ProjectFiles => {
  const content = JSON.parse(project.get(path)!) as Content
  change(content)
  return new Map([...project, [path, JSON.stringify(content)]])
}
const without = (path: string): ProjectFiles => new Map([...project].filter(([one]) => one !== path))
const moved = (from: string, to: string): ProjectFiles =>
  new Map([...project].map(([path, text]) => [path === from ? to : path, text]))

describe("the app's project at HubSpot", () => {
  it('is taken by our own schemas', () => {
    expect(checkProject(project)).toEqual([])
    const components = [...project.keys()].filter((path) => /^[^/]+$|-hsmeta\.json$/.test(path))
    expect(components).toEqual([
      'hsproject.json',
      APP,
      WEBHOOKS,
      CARD,
      SIDEBAR,
      PAGES,
      SETTINGS,
      BULK,
      ...WORKFLOW,
    ])
  })

  it('asks for what the code asks for, and leads to where the server answers', () => {
    const { auth } = JSON.parse(project.get(APP)!).config
    expect(auth.requiredScopes).toEqual(APP_SCOPES.required)
    expect(auth.optionalScopes).toEqual(APP_SCOPES.optional)
    const routes = new Set<string>([...pageRoutes, ...webhookRoutes()].map(({ path }) => path))
    expect(auth.redirectUrls).toEqual([`https://holdfast.example.com${APP_PATHS.callback}`])
    const { targetUrl } = JSON.parse(project.get(WEBHOOKS)!).config.settings
    for (const address of [...auth.redirectUrls, targetUrl] as string[])
      expect(routes).toContain(new URL(address).pathname)
  })

  it('has workflows call where the server answers, with the fields that it reads and writes', () => {
    const routes = new Set<string>(workflowRoutes.map(({ path }) => path))
    const uids = new Set<string>()
    for (const file of WORKFLOW) {
      const { uid, config } = JSON.parse(project.get(file)!) as Content
      uids.add(uid)
      expect(routes).toContain(new URL(config.actionUrl).pathname)
      expect(config.actionUrl).toMatch(/^https:\/\/holdfast\.example\.com\//)
      const of = Object.values(WORKFLOW_DEFINITIONS).find(({ path }) => config.actionUrl.endsWith(path))!
      const names = config.outputFields.map((field: Content) => field.typeDefinition.name)
      expect(names).toEqual(of.outputs.map(({ name }) => name))
    }
    expect(uids.size).toBe(3)
    const [action] = JSON.parse(project.get(INTERVENE)!).config.inputFields
    expect(action.typeDefinition.options.map((one: Content) => one.value)).toEqual([
      ...shippedActions.filter(({ channel }) => channel !== 'none').map(({ key }) => key),
      'another',
    ])
  })

  it('lets the pages in it ask the installation and nobody else', () => {
    expect(JSON.parse(project.get(APP)!).config.permittedUrls).toEqual({
      fetch: ['https://holdfast.example.com'],
      iframe: [],
      img: [],
    })
    for (const folder of ['cards', 'pages', 'settings', 'actions']) {
      const place = project.get(`src/app/${folder}/place.ts`)!
      expect(place).toContain('PUBLIC_URL = "https://holdfast.example.com"')
      for (const path of Object.values(APP_PATHS)) expect(place).toContain(JSON.stringify(path))
      expect(project.get(`src/app/${folder}/contract.ts`)).toContain('export interface RecordCard')
    }
  })

  it('carries nothing that leads back to this repository', () => {
    const odd = [...project].filter(([, text]) => /from '(\.\.|node:)|holdfast-hubspot-extensions/.test(text))
    expect(odd.map(([path]) => path)).toEqual([])
  })

  it('tells Sentry what failed where somebody says so', () => {
    const told = hubspotProject({ ...options, sentryDataset: 'acme-holdfast' })
    expect(checkProject(told)).toEqual([])
    expect(JSON.parse(told.get('src/app/telemetry/telemetry-hsmeta.json')!)).toMatchObject({
      type: 'telemetry',
      config: { providerType: 'SENTRY', datasetName: 'acme-holdfast', logLevels: ['ERROR'] },
    })
    expect(
      checkProject(hubspotProject({ ...options, sentryDataset: 'a b' })).map(({ problem }) => problem),
    ).toEqual([expect.stringContaining('datasetName')])
  })

  it.each<[string, ProjectFiles, RegExp]>([
    [
      'another platform',
      changed('hsproject.json', (it) => (it.platformVersion = '2025.1')),
      /platformVersion/,
    ],
    ['no project', moved('hsproject.json', 'project.json'), /hsproject.json is missing/],
    ['a wrong enum', changed(APP, (it) => (it.config.distribution = 'public')), /config.distribution/],
    ['a sign-in of another kind', changed(APP, (it) => (it.config.auth.type = 'static')), /config.auth.type/],
    [
      'an open redirect',
      changed(APP, (it) => (it.config.auth.redirectUrls = ['http://holdfast.example.com/back'])),
      /begins with https/,
    ],
    ['no redirect', changed(APP, (it) => (it.config.auth.redirectUrls = [])), /at least one/],
    [
      'a scope in two lists',
      changed(APP, (it) => it.config.auth.optionalScopes.push('crm.objects.contacts.read')),
      /two of its lists/,
    ],
    ['a scope twice', changed(APP, (it) => it.config.auth.requiredScopes.push('oauth')), /one twice/],
    ['no basic scope', changed(APP, (it) => it.config.auth.requiredScopes.shift()), /oauth/],
    ['a field that nobody knows', changed(APP, (it) => (it.config.logo = 'x')), /logo/],
    ['a top field that nobody knows', changed(APP, (it) => (it.version = 1)), /version/],
    ['a uid with blanks', changed(APP, (it) => (it.uid = 'my app')), /uid/],
    ['a uid that is too long', changed(APP, (it) => (it.uid = 'a'.repeat(65))), /uid/],
    ['a uid of another file', changed(WEBHOOKS, (it) => (it.uid = 'holdfast_app')), /has the uid/],
    ['a kind that there is not', changed(WEBHOOKS, (it) => (it.type = 'webhook')), /no kind of component/],
    ['a file in another folder', moved(WEBHOOKS, 'src/app/webhooks-hsmeta.json'), /belongs into/],
    [
      'a card in another folder',
      moved(CARD, 'src/app/pages/record-tab-hsmeta.json'),
      /belongs into src\/app\/cards/,
    ],
    [
      'a card in a place that there is not',
      changed(CARD, (it) => (it.config.location = 'crm.record.middle')),
      /location/,
    ],
    [
      'a card of records that it is not for',
      changed(CARD, (it) => (it.config.objectTypes = ['CONTACT'])),
      /objectTypes/,
    ],
    ['a card of no records', changed(CARD, (it) => (it.config.objectTypes = [])), /at least one/],
    [
      'a card of records named twice',
      changed(CARD, (it) => it.config.objectTypes.push('contacts')),
      /one twice/,
    ],
    ['the uid of another card', changed(CARD, (it) => (it.uid = 'holdfast_card_sidebar')), /has the uid/],
    [
      'an action for records that it is not for',
      changed(SCORE, (it) => (it.config.objectTypes = ['DEAL'])),
      /objectTypes/,
    ],
    [
      'an action for a client that there is not',
      changed(SCORE, (it) => (it.config.supportedClients = [{ client: 'CHATFLOWS' }])),
      /supportedClients/,
    ],
    [
      'an agent’s tool without a word for the agent',
      changed(SCORE, (it) => delete it.config.supportedClients[1].llmConfig),
      /llmConfig/,
    ],
    [
      'an output twice',
      changed(SCORE, (it) => it.config.outputFields.push(it.config.outputFields[0])),
      /two outputs of one name/,
    ],
    [
      'an output without a label',
      changed(SCORE, (it) => delete it.config.labels.en.outputFieldLabels.status),
      /outputs without a label/,
    ],
    [
      'a choice of nothing',
      changed(INTERVENE, (it) => (it.config.inputFields[0].typeDefinition.options = [])),
      /at least one/,
    ],
    [
      'an action that answers in the clear',
      changed(SCORE, (it) => (it.config.actionUrl = 'http://holdfast.example.com/x')),
      /begins with https/,
    ],
    ['a card without a page', without('src/app/cards/record-tab.tsx'), /record-tab\.tsx, which is missing/],
    [
      'a page that imports what is not there',
      without('src/app/cards/risk.tsx'),
      /goes on with src\/app\/cards\/risk\.tsx/,
    ],
    [
      'a page of another folder',
      changed(CARD, (it) => (it.config.entrypoint = '/app/pages/pages.tsx')),
      /outside src\/app\/cards/,
    ],
    [
      'a page by its path from src',
      changed(PAGES, (it) => (it.config.entrypoint = 'src/app/pages/pages.tsx')),
      /from \/app on/,
    ],
    [
      'pages without their libraries',
      without('src/app/settings/package.json'),
      /src\/app\/settings\/package\.json is missing/,
    ],
    [
      'second settings',
      new Map([...project, ['src/app/settings/more-hsmeta.json', project.get(SETTINGS)!]]),
      /second settings/,
    ],
    [
      'a bulk action shown in a place that there is not',
      changed(BULK, (it) => (it.config.displayMode = 'SIDEBAR')),
      /displayMode/,
    ],
    ['a bulk action without words', changed(BULK, (it) => (it.config.label = '')), /label/],
    ['the type of another folder', changed(BULK, (it) => (it.type = 'action')), /no kind of component/],
    ['no app', without(APP), /there is no app/],
    [
      'a second one of its kind',
      new Map([...project, ['src/app/webhooks/more-hsmeta.json', project.get(WEBHOOKS)!]]),
      /second webhooks/,
    ],
    ['what is no JSON', new Map([...project, [APP, '{']]), /no JSON/],
    ['what is no object', new Map([...project, [APP, '[]']]), /no object/],
    [
      'an event that there is not',
      changed(WEBHOOKS, (it) => (it.config.subscriptions.crmObjects[0].subscriptionType = 'object.created')),
      /subscriptionType/,
    ],
    [
      'the same event twice',
      changed(WEBHOOKS, ({ config: { subscriptions } }) =>
        subscriptions.crmObjects.push(subscriptions.crmObjects[0]),
      ),
      /one twice/,
    ],
    [
      'the date of any change, which cannot be subscribed to',
      changed(WEBHOOKS, (it) => (it.config.subscriptions.crmObjects[4].propertyName = 'Last modified')),
      /propertyName/,
    ],
    [
      'webhooks without encryption',
      changed(WEBHOOKS, (it) => (it.config.settings.targetUrl = 'http://localhost:3000/webhooks')),
      /targetUrl/,
    ],
  ])('is refused with %s', (_what, files, problem) => {
    const found = checkProject(files).map((one) => `${one.file} ${one.problem}`)
    expect(found.join('\n')).toMatch(problem)
  })
})
