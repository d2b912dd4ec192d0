import { hubspot, useExtensionContext } from '@hubspot/ui-extensions'
import { createPageRouter, PageRoutes, PageTitle } from '@hubspot/ui-extensions/pages'
import { Customers } from './customers.tsx'

export function CustomersPage() {
  const { portal } = useExtensionContext<'pages'>()
  return (
    <>
      <PageTitle>Customers by value at risk</PageTitle>
      <Customers portal={portal} />
    </>
  )
}

const Pages = createPageRouter(
  <PageRoutes>
    <PageRoutes.IndexRoute component={CustomersPage} />
    <PageRoutes.AnyRoute component={CustomersPage} />
  </PageRoutes>,
)

hubspot.extend<'pages'>(() => <Pages />)
