/** Everything that the sandbox answers to with a session. A new group of endpoints is added here. */
import { API_VERSION } from '../version.ts'
import { bulkIngestRoutes } from './bulk-ingest.ts'
import { bulkQueryRoutes } from './bulk-query.ts'
import { collectionRoutes } from './collections.ts'
import { connectRoutes } from './connect.ts'
import { deletedRoutes } from './deleted.ts'
import { describeRoutes } from './describe.ts'
import { limitRoutes } from './limits.ts'
import { identityUrl } from './oauth.ts'
import { queryRoutes } from './queries.ts'
import { DATA, type SandboxRoute } from './route.ts'
import { sobjectRoutes } from './sobjects.ts'

const versions: SandboxRoute = {
  method: 'GET',
  path: '/services/data',
  kind: 'open',
  handle: () => ({
    status: 200,
    body: [API_VERSION].map((version) => ({
      label: "Summer '26",
      url: `/services/data/${version}`,
      version: version.slice(1),
    })),
  }),
}

const resources: SandboxRoute = {
  method: 'GET',
  path: DATA,
  kind: 'call',
  handle: ({ base, context }) => ({
    status: 200,
    body: {
      ...Object.fromEntries(RESOURCES.map((name) => [name, `${base}/${name}`])),
      identity: identityUrl(context),
    },
  }),
}

const RESOURCES = [
  'composite',
  'connect',
  'jobs',
  'limits',
  'query',
  'queryAll',
  'sobjects',
  'tooling',
] as const

export const dataRoutes: readonly SandboxRoute[] = [
  versions,
  resources,
  ...queryRoutes,
  ...describeRoutes,
  ...deletedRoutes,
  ...limitRoutes,
  ...connectRoutes,
  ...collectionRoutes,
  ...sobjectRoutes,
  ...bulkQueryRoutes,
  ...bulkIngestRoutes,
]
