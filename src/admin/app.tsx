/** Providers, and which page stands at which address. */
import { MantineProvider } from '@mantine/core'
import { Notifications } from '@mantine/notifications'
import { QueryClientProvider } from '@tanstack/react-query'
import { StrictMode, Suspense } from 'react'
import { Route, Switch, useLocation } from 'wouter'
import { newQueryClient } from './api/queries.ts'
import { styleNonce } from './boot.ts'
import { Frame } from './layout/frame.tsx'
import { Leaving } from './layout/leaving.tsx'
import { PageFailure } from './layout/page-failure.tsx'
import { NothingHere } from './layout/nothing-here.tsx'
import { resolveVariables, theme } from './look/theme.ts'
import { codeOf } from './page-code.ts'
import { PAGES } from './pages.ts'
import { PagePending } from './parts/pending.tsx'

const queries = newQueryClient()

export function App() {
  return (
    <StrictMode>
      <MantineProvider
        theme={theme}
        cssVariablesResolver={resolveVariables}
        defaultColorScheme="auto"
        getStyleNonce={styleNonce}
      >
        <QueryClientProvider client={queries}>
          <Leaving>
            <Frame>
              <PageFailure>
                <Suspense fallback={<PagePending />}>
                  <Pages />
                </Suspense>
              </PageFailure>
            </Frame>
          </Leaving>
          <Notifications position="bottom-right" limit={3} />
        </QueryClientProvider>
      </MantineProvider>
    </StrictMode>
  )
}

/** Drawn anew with each address, so that code which could not be loaded is asked for again. */
function Pages() {
  useLocation()
  return (
    <Switch>
      {PAGES.map(({ key, path }) => (
        <Route key={key} path={path.replace(/\{(\w+)\}/g, ':$1')} component={codeOf(key)} />
      ))}
      <Route>
        <NothingHere />
      </Route>
    </Switch>
  )
}
