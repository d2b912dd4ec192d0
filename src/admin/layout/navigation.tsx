/** Every page that one may open, in its groups; whose pages they are; how they look. */
import { Menu, SegmentedControl, UnstyledButton, useMantineColorScheme } from '@mantine/core'
import type { ReactNode } from 'react'
import { Link, useLocation } from 'wouter'
import { useFrame, useWords } from '../api/frame.ts'
import { fetchCode } from '../page-code.ts'
import { PAGES, PAGE_GROUPS, type Page, type PageKey } from '../pages.ts'
import { leave } from './leave.ts'
import { pageAt } from './page-at.ts'
import style from './frame.module.css'

const ROLES = ['viewer', 'operator', 'admin'] as const

/** The one of the document, which the browser has already. */
const ICON = document.querySelector<HTMLLinkElement>('link[rel=icon]')?.href

export function Navigation() {
  const frame = useFrame()
  const words = useWords()
  const [path] = useLocation()
  const here = pageAt(path)
  const role = ROLES.indexOf(frame.person.role)
  const pages = PAGES.filter((page: Page) => ROLES.indexOf(page.role) <= role) as readonly Page[]
  return (
    <nav aria-label="Holdfast" className={style.nav}>
      <Link href="/app" className={style.home}>
        <img src={ICON} alt="" width={18} height={18} />
        Holdfast
      </Link>
      <div className={style.lists}>
        {PAGE_GROUPS.map((group, at) => {
          const items = pages.filter((page) => page.group === group)
          const others = group === 'Plumbing' ? frame.queues : false
          return items.length === 0 && !others ? null : (
            <section key={group} aria-label={group}>
              {at > 0 && <h2 className={style.group}>{group}</h2>}
              <ul>
                {items.map((page) => (
                  <Item
                    key={page.key}
                    page={page}
                    current={here?.key === page.key || here?.within === page.key}
                  >
                    {page.badge !== undefined && frame.counts[page.badge] > 0
                      ? words.count(frame.counts[page.badge])
                      : null}
                  </Item>
                ))}
                {others && <Outside href="/admin/queues">Queues</Outside>}
              </ul>
            </section>
          )
        })}
        {(frame.sandbox.inbox || frame.sandbox.texts) && (
          <section aria-label="Sandbox">
            <h2 className={style.group}>Sandbox</h2>
            <ul>
              {frame.sandbox.inbox && <Outside href="/inbox">Inbox</Outside>}
              {frame.sandbox.texts && <Outside href="/texts">Texts</Outside>}
            </ul>
          </section>
        )}
      </div>
      <div className={style.foot}>
        <Scheme />
        <Company />
      </div>
    </nav>
  )
}

function Item({ page, current, children }: { page: Page; current: boolean; children: ReactNode }) {
  const fetchIt = () => fetchCode(page.key as PageKey)
  return (
    <li>
      <Link
        href={page.path}
        className={style.item}
        {...(current ? { 'aria-current': 'page' as const } : {})}
        onPointerEnter={fetchIt}
        onFocus={fetchIt}
      >
        {page.title}
        {children !== null && <span className={style.badge}>{children}</span>}
      </Link>
    </li>
  )
}

/** A page that is not of the app. */
function Outside({ href, children }: { href: string; children: string }) {
  return (
    <li>
      <a className={style.item} href={href}>
        {children}
      </a>
    </li>
  )
}

function Scheme() {
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  return (
    <SegmentedControl
      size="xs"
      fullWidth
      aria-label="Colours"
      value={colorScheme}
      onChange={(value) => setColorScheme(value as typeof colorScheme)}
      data={[
        { value: 'light', label: 'Light' },
        { value: 'dark', label: 'Dark' },
        { value: 'auto', label: 'Auto' },
      ]}
    />
  )
}

/** Whose pages these are; who holds the installation goes on to another company from here. */
function Company() {
  const { company, companies, person } = useFrame()
  return (
    <Menu position="top-start" width={220}>
      <Menu.Target>
        <UnstyledButton className={style.company}>
          <span className={style.companyName}>{company.name}</span>
          <span className={style.person}>
            {person.name}, {person.role}
          </span>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown className={style.menu}>
        {companies.length > 0 && <Menu.Label>Go on in</Menu.Label>}
        {companies.map(({ id, name }) => (
          <Menu.Item key={id} onClick={() => leave('/company', { company: id })}>
            {name}
          </Menu.Item>
        ))}
        {companies.length > 0 && <Menu.Divider />}
        <Menu.Item component={Link} href="/app/sessions">
          Your sessions
        </Menu.Item>
        <Menu.Item component="a" href="/docs">
          API
        </Menu.Item>
        <Menu.Item onClick={() => leave('/sign-out', {})}>Sign out</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
