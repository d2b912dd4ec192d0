/** Finds the route of a path. Those that come first win, so literal segments stand before ones that vary. */

/** What the router looks at of a route. */
export interface RoutePath {
  readonly method: string
  /** With `:name` for a segment that varies. */
  readonly path: string
}

export interface Found<Route extends RoutePath> {
  readonly route: Route
  readonly params: Readonly<Record<string, string>>
}

export function openRouter<Route extends RoutePath>(
  routes: readonly Route[],
): (method: string, path: string) => Found<Route> | null {
  const byMethod = new Map<string, { readonly route: Route; readonly segments: readonly string[] }[]>()
  for (const route of routes) {
    const key = `${route.method} ${route.path.split('/').length}`
    const same = byMethod.get(key) ?? []
    byMethod.set(key, [...same, { route, segments: route.path.split('/') }])
  }
  return (method, path) => {
    const given = path.split('/')
    for (const { route, segments } of byMethod.get(`${method} ${given.length}`) ?? []) {
      if (!segments.every((segment, at) => segment.startsWith(':') || segment === given[at])) continue
      const params: Record<string, string> = {}
      for (const [at, segment] of segments.entries()) {
        if (segment.startsWith(':')) params[segment.slice(1)] = decode(given[at])
      }
      return { route, params }
    }
    return null
  }
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}
