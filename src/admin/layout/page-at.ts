/** Which declared page an address is. */
import { PAGES, type Page } from '../pages.ts'

const PATTERNS = PAGES.map((page: Page) => ({
  page,
  pattern: new RegExp(`^${page.path.replace(/\{\w+\}/g, '[^/]+')}/?$`),
}))

/**
 * @example
 * pageAt('/app/customers')?.title // 'Customers'
 */
export function pageAt(path: string): Page | null {
  return PATTERNS.find(({ pattern }) => pattern.test(path))?.page ?? null
}
