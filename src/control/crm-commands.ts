/** Disconnecting a connection, and making months pass in the sandboxes that this process hosts. */
import { z } from 'zod'
import { HoldfastError } from '../contracts/errors.ts'
import { SANDBOX_KINDS, SANDBOX_WORDS } from '../sandbox-hosts.ts'
import type { Service } from '../service.ts'
import { listConnections, type Connection } from '../store/connections.ts'
import { COMMAND_LINE } from './acting-person.ts'
import { asked } from './asked.ts'
import { disconnectConnection } from './disconnect.ts'
import type { ControlCommand } from './server.ts'
import { companyOf } from './setup.ts'

/** @param wake has the queue look at once */
export function crmCommands(service: Service, wake: () => void): Readonly<Record<string, ControlCommand>> {
  const { database } = service
  return {
    disconnect: async (options) => {
      const {
        company,
        connection: name,
        erase,
        confirm,
      } = asked(
        z.object({
          company: z.string().optional(),
          connection: z.string().min(1),
          erase: z.boolean().default(false),
          confirm: z.string().optional(),
        }),
        options,
      )
      const tenant = await companyOf(service, company)
      const connections = await database.withTenant(tenant.id, listConnections)
      const found = connections.find((one) => one.name === name || one.id === name)
      if (found === undefined) throw unknown(name, connections)
      if (erase && confirm !== found.name)
        throw new HoldfastError(
          'usage',
          `Nothing was done. --erase deletes everything that is known of the customers of "${found.name}", for good. To say that this is meant, add --confirm "${found.name}". Without --erase it stays.`,
        )
      const left = await disconnectConnection(service, {
        tenant: tenant.id,
        connection: found,
        data: erase ? 'erase' : 'keep',
        by: COMMAND_LINE,
        wake,
      })
      return { company: tenant.name, connection: found.name, ...left }
    },

    sandbox: async (options, { report, signal }) => {
      const { months, crm } = asked(
        z.object({
          months: z.number().int().min(1).max(120).default(1),
          crm: z.enum(SANDBOX_KINDS).optional(),
        }),
        options,
      )
      const running = SANDBOX_KINDS.flatMap((kind) => {
        const host = crm === undefined || crm === kind ? service.sandboxes.get(kind) : null
        return host === null ? [] : [{ kind, host }]
      })
      if (running.length === 0)
        throw new HoldfastError(
          'not_found',
          `There is no ${crm === undefined ? 'CRM sandbox' : SANDBOX_WORDS[crm]} here: the first start of a new installation makes one, and it lives in the server that does everything (npm start).`,
        )
      for (let done = 0; done < months && !signal.aborted; done++) {
        for (const { host } of running) await host.passMonth()
        report({ label: 'Months', done: done + 1, total: months })
      }
      return {
        months,
        sandboxes: running.map(({ kind, host }) => ({ sandbox: SANDBOX_WORDS[kind], date: host.today() })),
      }
    },
  }
}

function unknown(name: string, connections: readonly Connection[]): HoldfastError {
  const known = connections.map((one) => `"${one.name}"`).join(', ')
  return new HoldfastError(
    'not_found',
    `There is no connection "${name}". ${known === '' ? 'None is set up yet.' : `Known: ${known}.`}`,
  )
}
