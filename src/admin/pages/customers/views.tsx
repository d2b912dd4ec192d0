/** The views of the list: built in, of the company, one's own; each is an address that can be sent on. */
import { ActionIcon, Menu } from '@mantine/core'
import { useState } from 'react'
import { Link } from 'wouter'
import type { CustomerViewAnswer, CustomerViewsAnswer } from '../../../server/api/customer-views.ts'
import { useSend } from '../../api/queries.ts'
import { withQuery } from '../../api/query-string.ts'
import type { CustomerQuery } from './query.ts'
import { DeleteView, RenameView } from './view-dialogs.tsx'
import style from './customers.module.css'

export function Views({ views, query }: { views: CustomerViewsAnswer; query: CustomerQuery }) {
  return (
    <nav className={style.views} aria-label="Views">
      {views.items.map(({ id, name, scope }) => (
        <Link
          key={id}
          href={withQuery('/app/customers', { view: id })}
          className={style.view}
          title={
            scope === 'built_in' ? undefined : scope === 'own' ? 'Your own view' : 'A view of the company'
          }
          {...(query.view?.id === id ? { 'aria-current': 'page' as const } : {})}
        >
          {name}
          {query.view?.id === id && query.changed && <span className="note"> changed</span>}
        </Link>
      ))}
    </nav>
  )
}

/** What can be done with the view that is looked at. */
export function ViewMenu({ views, query }: { views: CustomerViewsAnswer; query: CustomerQuery }) {
  const [open, show] = useState<'rename' | 'delete' | null>(null)
  const choose = useSend<CustomerViewAnswer>(
    ({ id }) => ({ path: '/v1/customer-view-default', method: 'PUT', body: { view: id } }),
    { done: (_answer, { name }) => `Your list opens with “${name}”.`, changed: ['/v1/customer-views'] },
  )
  const { view } = query
  if (view === null) return null
  const opensWith = views.default === view.id
  if (opensWith && !view.mayChange) return null
  return (
    <>
      <Menu position="bottom-end" width={230}>
        <Menu.Target>
          <ActionIcon variant="default" size={30} aria-label={`What to do with the view ${view.name}`}>
            <span aria-hidden="true">⋯</span>
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {!opensWith && (
            <Menu.Item onClick={() => choose.send(view)}>Open the list with this view</Menu.Item>
          )}
          {view.mayChange && <Menu.Item onClick={() => show('rename')}>Rename</Menu.Item>}
          {view.mayChange && (
            <Menu.Item color="red" onClick={() => show('delete')}>
              Delete
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      {open === 'rename' && <RenameView view={view} close={() => show(null)} />}
      {open === 'delete' && (
        <DeleteView view={view} close={() => show(null)} deleted={() => query.open('first')} />
      )}
    </>
  )
}
