/**
 * The command line: one file a command beneath `cli/`, loaded only when it is called, because start-up is
 * part of every nightly run.
 */
import { readFileSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { Command, CommanderError } from 'commander'
import { EXIT, HoldfastError } from './contracts/errors.ts'
import { CONNECT_OPTIONS, describeOption, expectOptionsOf, sourceOf } from './cli/connect-options.ts'
import { describeManifest, expectManifest } from './cli/manifest-options.ts'
import { collect, list, whole } from './cli/option-values.ts'
import { endOnSignals, watchStreams } from './cli/process.ts'
import { reportFailure } from './cli/run.ts'
import { wrongCall } from './cli/wrong-call.ts'

// Types are stripped and code is compiled once, not on every run: a third of the start-up.
enableCompileCache()
watchStreams()
endOnSignals()
process.exitCode = await main(process.argv)

/** @returns the exit code, one of {@link EXIT} */
async function main(argv: readonly string[]): Promise<number> {
  let code: number = EXIT.ok
  const program = describeProgram((result) => {
    code = result
  })
  const json = argv.includes('--json')
  try {
    await program.parseAsync(argv as string[])
    return code
  } catch (error) {
    if (!(error instanceof CommanderError)) return reportFailure(error, json)
    // Help and --version end well; help for want of a command has been printed.
    if (error.exitCode === 0) return EXIT.ok
    if (error.code === 'commander.help') return EXIT.usage
    return reportFailure(
      new HoldfastError('usage', wrongCall(error.message, argv[2]), { cause: error }),
      json,
    )
  }
}

function describeProgram(done: (code: number) => void): Command {
  const program = new Command('holdfast')
    .description('Keeps customers from leaving: who is at risk, why, and which action is worth its cost.')
    .version(version())
    .exitOverride()
    // What is wrong with a call is said by `main`, in the form of all other messages.
    .configureOutput({ outputError: () => undefined })
    .configureHelp({ sortSubcommands: false })
  const command = (usage: string, text: string): Command =>
    program
      .command(usage)
      .description(text)
      .option('--json', 'print one JSON object as the last line of standard output')
      .option('--quiet', 'only errors on standard error: no progress, no notes')
      .option('--threads <n>', 'threads to use (default: the machine\u2019s)', whole(1, 256))

  command('score <file>', 'Score every customer of a CSV, Parquet or Excel file and write a retention plan.')
    .option('--out <file>', 'where the plan goes: .csv or .parquet', 'retention_strategy.csv')
    .option(
      '--model <name>',
      'telco, subscription, or the folder of a model of your own (default: the one that fits the file)',
    )
    .option('--mapping <file>', 'what each column means: the mapping file that train writes, edited')
    .option('--settings <file>', 'settings: levels, costs, budget, capacity, caps (JSON)')
    .option('--id <column>', 'the column that identifies a customer')
    .option(
      '--columns <names>',
      'further columns of the file to carry into the plan, separated by commas',
      list,
    )
    .option(
      '--levels <preset>',
      'base-rate: HIGH from twice the base rate, MEDIUM from once; reference: from 0.7 and 0.4 (default: base-rate)',
    )
    .option('--as-of <date>', 'the day the file describes, YYYY-MM-DD (default: today)')
    .addHelpText('after', '\nExample: holdfast score customers.csv --out plan.csv --columns Region,Owner\n')
    .action(async (file: string, options) =>
      done(await (await import('./cli/score.ts')).score(file, options)),
    )

  command('train <file>', 'Train a churn model of your own from any table of customers.')
    .requiredOption('--target <column>', 'the column that says who churned')
    .option(
      '--positive <value>',
      'the value of the target that means churned (default: found, where it is plain, such as Yes or 1)',
    )
    .option('--id <column>', 'the column that identifies a customer')
    .option('--out <dir>', 'folder for the model; its mapping file goes beside it', 'model')
    .option('--mapping <file>', 'what each column means: the mapping file of an earlier training, edited')
    .option('--keep <names>', 'columns to use although they would be left out, separated by commas', list)
    .option(
      '--horizon <days>',
      'the target is churn within this many days (default: a snapshot)',
      whole(1, 3650),
    )
    .option('--as-of <date>', 'the day the file describes, YYYY-MM-DD (default: the newest date in it)')
    .option('--folds <n>', 'folds of the cross-validation', whole(2, 20), 5)
    .option('--seed <n>', 'seed of folds and trees', whole(0, 4294967295), 42)
    .option('--name <name>', 'name of the model (default: that of the file)')
    .addHelpText('after', '\nExample: holdfast train customers.csv --target Churn --out model\n')
    .action(async (file: string, options) =>
      done(await (await import('./cli/train.ts')).train(file, options)),
    )

  command('evaluate <file>', 'Report how good a model is, always on customers that it did not see.')
    .requiredOption('--target <column>', 'the column that says who churned')
    .option(
      '--positive <value>',
      'the value of the target that means churned (default: found, where it is plain, such as Yes or 1)',
    )
    .option('--id <column>', 'the column that identifies a customer')
    .option('--model <name>', 'the model to judge; without one, training is cross-validated on the file')
    .option('--mapping <file>', 'what each column means: an edited mapping file')
    .option('--keep <names>', 'columns to use although they would be left out, separated by commas', list)
    .option('--as-of <date>', 'the day the file describes, YYYY-MM-DD (default: the newest date in it)')
    .option('--out <file>', 'the report, .html; the same figures go beside it as .json', 'evaluation.html')
    .option('--folds <n>', 'folds of the cross-validation', whole(2, 20), 5)
    .option('--seed <n>', 'seed of folds, trees and intervals', whole(0, 4294967295), 42)
    .addHelpText('after', '\nExample: holdfast evaluate this-year.csv --target Churn --model model\n')
    .action(async (file: string, options) =>
      done(await (await import('./cli/evaluate.ts')).evaluate(file, options)),
    )

  command(
    'what-if <file>',
    'See what moves over the whole file when a cost, duration, budget, capacity or cap changes.',
  )
    .option('--model <name>', 'as in score')
    .option('--mapping <file>', 'as in score')
    .option('--settings <file>', 'the settings to start from')
    .option('--id <column>', 'the column that identifies a customer')
    .option('--as-of <date>', 'as in score')
    .option('--cost <action=share>', 'share of the monthly amount, such as discount_20=0.15', collect)
    .option('--fixed <action=amount>', 'cost paid once, such as call_discount_30=12.50', collect)
    .option(
      '--multiply <action=factor>',
      'factor on the whole cost, such as discount_20=2 or all=1.5',
      collect,
    )
    .option('--duration <action=months>', 'months charged, such as discount_10=3 or all=1', collect)
    .option(
      '--capacity <action=n>',
      'how many in a period, such as call_discount_30=100; "none" is no limit',
      collect,
    )
    .option('--cap <name=value>', 'on contacts: cooldownDays=30, or maxContacts=2 in a period', collect)
    .option('--budget <amount>', 'budget of a period; "none" is no limit')
    .addHelpText(
      'after',
      `\nActions: email, sms, discount_10, discount_20, call_discount_30, update_payment, or all. An option may be given again.\n\nExample: holdfast what-if customers.csv --cost discount_20=0.15 --budget 5000\n`,
    )
    .action(async (file: string, options) =>
      done(await (await import('./cli/what-if.ts')).whatIf(file, options)),
    )

  command('generate', 'Write a file of synthetic subscription customers.')
    .option('--rows <n>', 'how many', whole(1, 100_000_000), 500)
    .option('--seed <n>', 'the same seed gives the same customers', whole(0, 4294967295), 42)
    .option('--as-of <date>', 'the day the file describes', '2026-11-01')
    .option('--outcome', 'add a column that says who churned within 90 days')
    .option('--out <file>', '.csv or .parquet', 'customers.csv')
    .action(async (options) => done(await (await import('./cli/generate.ts')).generate(options)))

  command('serve', 'Run the service: sync, score, decide, write back, act, observe, with pages and an API.')
    .option(
      '--role <role>',
      'all; or web, worker, scheduler in processes of their own, which needs DATABASE_URL',
      'all',
    )
    .addHelpText(
      'after',
      '\nEnvironment: PORT, HOST, HOLDFAST_DATA, DATABASE_URL, REDIS_URL, PUBLIC_URL, TRUST_PROXY,\nHUBSPOT_CLIENT_ID, HUBSPOT_CLIENT_SECRET, SALESFORCE_CLIENT_ID, SALESFORCE_CLIENT_SECRET,\nOIDC_ISSUER, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET,\nHOLDFAST_MASTER_KEY, HOLDFAST_THREADS, LOG_LEVEL. The README tells what each is for.\n',
    )
    .action(async (options) => done(await (await import('./cli/serve.ts')).serve(options)))

  command('sync', 'Look now for what changed in every connection.')
    .option('--connection <name>', 'only this one')
    .action(async (options) =>
      done(await (await import('./cli/installation.ts')).passCommand('sync', options)),
    )

  command('run', 'One pass of the whole loop, now, and what comes of it.')
    .option('--connection <name>', 'only this one')
    .action(async (options) =>
      done(await (await import('./cli/installation.ts')).passCommand('run', options)),
    )

  command('doctor', 'Look at everything the service stands on; what is off, and why.').action(
    async (options) => done(await (await import('./cli/installation.ts')).doctor(options)),
  )

  command('backup <file>', 'Write all data into one file, while everything runs.').action(
    async (file: string, options) =>
      done(await (await import('./cli/installation.ts')).backup(file, options)),
  )

  command('restore <file>', 'Bring a backup into an empty database; it starts paused.').action(
    async (file: string, options) => done(await (await import('./cli/restore.ts')).restore(file, options)),
  )

  command('move', 'Move the embedded database to PostgreSQL.')
    .requiredOption('--to <address>', 'postgres://user:password@host:5432/database, empty')
    .action(async (options) => done(await (await import('./cli/restore.ts')).move(options)))

  const company = ['--company <name>', 'which company (default: the first)'] as const
  const sending = () => import('./cli/sending.ts')

  const partly = (usage: 'pause' | 'resume', text: string): Command =>
    command(usage, text)
      .option(
        '--company <name>',
        'one company (default: every company; with --action or --channel the first)',
      )
      .option('--action <key>', 'one action, such as discount_20')
      .option('--channel <name>', 'one channel: email, sms or task')

  partly('pause', 'Stop what is sent: everything, for a company, or one action or channel of it.')
    .option('--reason <text>', 'what people read meanwhile')
    .action(async (options) => done(await (await sending()).pauseOrResume('pause', options)))

  partly('resume', 'Let things be sent again after a pause or a restored backup.')
    .option('--anyway', 'after a restore: also when not everything that went out could be asked about')
    .action(async (options) => done(await (await sending()).pauseOrResume('resume', options)))

  command('stop', 'The kill switch: cancel what is open for good, and choose no action until "release".')
    .option(...company)
    .option('--reason <text>', 'what people read meanwhile')
    .action(async (options) => done(await (await sending()).stop(options)))

  command('release', 'Release the kill switch: decisions choose actions again.')
    .option(...company)
    .action(async (options) => done(await (await sending()).release(options)))

  command('preview', 'See what would be sent today; nothing is written.')
    .option(...company)
    .option('--whole', 'everybody, as if decided on now (so it is anyway before actions are turned on)')
    .action(async (options) => done(await (await sending()).preview(options)))

  command(
    'approvals [answer] [ids...]',
    'What waits for approval; "approve <ids>" or "reject <ids>" answers it.',
  )
    .option(...company)
    .option('--note <text>', 'in your own words')
    .action(async (answer: string | undefined, ids: string[], options) =>
      done(await (await sending()).approvals(answer, ids, options)),
    )

  command('sign-in', 'Make a link that signs in once.')
    .option('--company <name>', 'which company (default: the first)')
    .option('--role <role>', 'viewer, operator or admin', 'admin')
    .action(async (options) => done(await (await import('./cli/installation.ts')).signIn(options)))

  command('password', 'Set the local password, the last way in; it is read from standard input.')
    .option('--remove', 'take it away instead')
    .action(async (options) => done(await (await import('./cli/installation.ts')).password(options)))

  command('key <name>', 'Make an API key for a program, and show it once.')
    .option('--scopes <names>', 'of score, read, write, export, admin, metrics', list, ['score', 'read'])
    .option('--company <name>', 'which company (default: the first)')
    .action(async (name: string, options) =>
      done(await (await import('./cli/installation.ts')).key(name, options)),
    )

  command('rotate-keys', 'Seal every secret with a new data key, while everything runs.').action(
    async (options) => done(await (await import('./cli/rotate-keys.ts')).rotateKeys(options)),
  )

  command('rekey', 'Seal everything with a new master key, while no server runs.').action(async (options) =>
    done(await (await import('./cli/rekey.ts')).rekey(options)),
  )

  describeManifest(command).action(async (crm: string, options) => {
    expectManifest(crm, options)
    if (crm === 'hubspot') done(await (await import('./cli/manifest.ts')).hubspotManifest(options))
    else done(await (await import('./cli/manifest-salesforce.ts')).salesforceManifest(options))
  })

  command('company <name>', 'Add a company, apart from every other.').action(async (name: string, options) =>
    done(await (await import('./cli/setup.ts')).company(name, options)),
  )

  const connect = command(
    'connect <source>',
    'Connect a customer file, a HubSpot account ("connect hubspot") or a Salesforce org ("connect salesforce").',
  )
  const takes = { list, months: whole(1, 120), percent: whole(0, 95) }
  for (const option of CONNECT_OPTIONS)
    if (option.takes === undefined) connect.option(option.flags, describeOption(option))
    else connect.option<unknown>(option.flags, describeOption(option), takes[option.takes])
  connect
    .addHelpText(
      'after',
      '\nExamples: holdfast connect customers.csv --customers everyone\n          holdfast connect hubspot --token-file token.txt\n          holdfast connect salesforce --web\nWithout --customers it says what it found, and connects nothing.\n',
    )
    .action(async (from: string, options) => {
      const source = sourceOf(from)
      const typed = connect.options.filter(
        (option) => connect.getOptionValueSource(option.attributeName()) === 'cli',
      )
      expectOptionsOf(
        source,
        typed.map(({ long }) => long ?? ''),
      )
      if (source === 'file') return done(await (await import('./cli/setup.ts')).connect(from, options))
      const crm = await import('./cli/crm.ts')
      done(await (source === 'hubspot' ? crm.connectHubSpot(options) : crm.connectSalesforce(options)))
    })

  command(
    'disconnect <connection>',
    'Stop reading and writing, and forget the sign-in; what is known is kept, or erased with --erase.',
  )
    .option('--company <name>', 'which company (default: the first)')
    .option('--erase', 'delete everything that is known of its customers, for good (default: it is kept)')
    .option('--confirm <name>', 'with --erase: the name of the connection, to say that it is meant')
    .action(async (connection: string, options) =>
      done(await (await import('./cli/crm.ts')).disconnect(connection, options)),
    )

  command('sandbox <what> [n]', 'Let months pass in the CRM sandboxes: "sandbox month 3".')
    .option('--crm <name>', 'hubspot or salesforce alone (default: all that are here)')
    .action(async (what: string, many: string | undefined, options) => {
      if (what !== 'month')
        throw new HoldfastError(
          'usage',
          `holdfast sandbox can do "month", such as "sandbox month 3", not "${what}".`,
        )
      const months = many === undefined ? 1 : whole(1, 120)(many)
      done(await (await import('./cli/crm.ts')).sandboxMonths(months, options))
    })

  command('settings [file]', 'Show the settings of a company, or save those of a JSON file.')
    .option('--company <name>', 'which company (default: the first)')
    .action(async (file: string | undefined, options) =>
      done(await (await import('./cli/setup.ts')).settings(file, options)),
    )

  command(
    'secret <name>',
    'Seal smtp-password, dkim-key, sms-auth-token or another secret in the vault; it is read from standard input.',
  )
    .option('--company <name>', 'which company (default: the first)')
    .action(async (name: string, options) =>
      done(await (await import('./cli/setup.ts')).secret(name, options)),
    )

  command(
    'offers <what> [args...]',
    'Codes and what was taken: "import <pool> <file>", "redeem <file>", "pools", "list", "secret".',
  )
    .option('--company <name>', 'which company (default: the first)')
    .option(
      '--status <name>',
      'of list: requested, reserved, issued, redeemed, expired, withdrawn or refused (default: all)',
    )
    .option('--limit <n>', 'of list: how many, newest first', whole(1, 200))
    .addHelpText(
      'after',
      '\nFiles are CSV, "-" is standard input. Of import: a code a line, or the columns code and valid_until.\nOf redeem: code and redeemed_at; if wished reference, monthly_amount and currency.\n"secret" makes the secret that billing and Holdfast sign with, and shows it once.\n',
    )
    .action(async (what: string, args: string[], options) =>
      done(await (await import('./cli/offers.ts')).offers(what, args, options)),
    )

  command('activate', 'Let decisions become interventions, after the first look.')
    .option('--company <name>', 'which company (default: the first)')
    .action(async (options) => done(await (await import('./cli/setup.ts')).activate(options)))

  program.addHelpText(
    'after',
    '\nExit codes: 0 done, 1 a defect of Holdfast, 2 wrong call or settings, 3 unreadable input,\n4 data that does not fit, 5 model missing or corrupt, 6 output cannot be written,\n7 the service: its database, queue or port.\n',
  )
  return program
}

function version(): string {
  for (const path of ['../package.json', '../../package.json']) {
    try {
      const parsed: unknown = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'))
      if (typeof parsed === 'object' && parsed !== null && 'version' in parsed) return String(parsed.version)
    } catch {
      // a checkout has it one level up, the compiled package two
    }
  }
  return 'unknown'
}
