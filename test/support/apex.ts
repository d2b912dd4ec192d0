/** Apex as its grammar reads it: what a class declares, and what it does. Nothing here runs Apex. */
import {
  ApexErrorListener,
  ApexParserBaseListener,
  ApexParserFactory,
  ApexParseTreeWalker,
  type ApexParserRuleContext,
  type ClassDeclarationContext,
  type ClassBodyDeclarationContext,
  type FormalParameterContext,
  type LocalVariableDeclarationContext,
  type TypeDeclarationContext,
} from '@apexdevtools/apex-parser'

export interface ApexField {
  readonly name: string
  readonly type: string
  /** In small letters: `public`, `static`, `@auraenabled`. */
  readonly modifiers: readonly string[]
}

export interface ApexMethod extends ApexField {
  /** Names and types, in order. */
  readonly parameters: readonly { readonly name: string; readonly type: string }[]
}

export interface ApexClass {
  /** `HoldfastFlow`, `HoldfastFlow.Call` */
  readonly name: string
  readonly modifiers: readonly string[]
  readonly fields: readonly ApexField[]
  readonly methods: readonly ApexMethod[]
}

export interface ReadApex {
  /** "12:4 mismatched input …" */
  readonly errors: readonly string[]
  /** The outer one first. */
  readonly classes: readonly ApexClass[]
  /** Queries as they are written, without white space. */
  readonly queries: readonly string[]
  /** Variables and parameters that bear the name of a field around them in other letters: to Apex they are the same. */
  readonly hidden: readonly string[]
  /** Queries, changes of records and callouts in the body of a loop. */
  readonly inLoops: readonly string[]
}

class Errors extends ApexErrorListener {
  readonly found: string[] = []
  apexSyntaxError(line: number, column: number, message: string): void {
    this.found.push(`${line}:${column} ${message}`)
  }
}

type Open = { name: string; modifiers: readonly string[]; fields: ApexField[]; methods: ApexMethod[] }

const words = (list: readonly ApexParserRuleContext[]): readonly string[] =>
  list.map((one) => one.getText().toLowerCase())

const LOCAL = /^(localVariableDeclaration|formalParameter|enhancedForControl)$/

/** Of a declaration, its first variable. */
function nameIn(context: ApexParserRuleContext): string {
  const declared = context as ApexParserRuleContext &
    Partial<LocalVariableDeclarationContext & FormalParameterContext>
  return declared.variableDeclarators?.().variableDeclarator(0).id().getText() ?? declared.id!().getText()
}

const LOOP = /^(for|while|doWhile)Statement$/
const DEAR = /^(query|soslLiteral|(insert|update|delete|undelete|upsert|merge)Statement)$/

class Reader extends ApexParserBaseListener {
  readonly classes: Open[] = []
  readonly queries: string[] = []
  readonly inLoops: string[] = []
  private readonly around: Open[] = []
  private member: readonly string[] = []
  readonly locals: { readonly name: string; readonly around: readonly Open[] }[] = []
  private loops = 0
  private readonly rules: readonly string[]
  constructor(rules: readonly string[]) {
    super()
    this.rules = rules
  }

  /** Each kind of context has a number of its own, which the declared base lacks. */
  private ruleOf(context: ApexParserRuleContext): string {
    return this.rules[(context as ApexParserRuleContext & { readonly ruleIndex: number }).ruleIndex]
  }

  override enterEveryRule(context: ApexParserRuleContext): void {
    const rule = this.ruleOf(context)
    if (LOOP.test(rule)) this.loops++
    if (rule === 'query') this.queries.push(context.getText())
    if (LOCAL.test(rule)) this.locals.push({ name: nameIn(context), around: [...this.around] })
    const isCallout = rule === 'dotMethodCall' && /^send\(/i.test(context.getText())
    if (this.loops > 0 && (DEAR.test(rule) || isCallout)) this.inLoops.push(context.getText())
  }
  override exitEveryRule(context: ApexParserRuleContext): void {
    if (LOOP.test(this.ruleOf(context))) this.loops--
  }

  enterTypeDeclaration(context: TypeDeclarationContext): void {
    this.member = words(context.modifier_list())
  }
  enterClassDeclaration(context: ClassDeclarationContext): void {
    const outer = this.around.at(-1)
    const name = context.id().getText()
    const made: Open = {
      name: outer === undefined ? name : `${outer.name}.${name}`,
      modifiers: this.member,
      fields: [],
      methods: [],
    }
    this.classes.push(made)
    this.around.push(made)
  }
  exitClassDeclaration(): void {
    this.around.pop()
  }
  enterClassBodyDeclaration(context: ClassBodyDeclarationContext): void {
    this.member = words(context.modifier_list())
    const modifiers = this.member
    const of = this.around.at(-1)
    const declared = context.memberDeclaration()
    const field = declared?.fieldDeclaration()
    for (const one of field?.variableDeclarators().variableDeclarator_list() ?? [])
      of?.fields.push({ name: one.id().getText(), type: field!.typeRef().getText(), modifiers })
    const method = declared?.methodDeclaration()
    if (method)
      of?.methods.push({
        name: method.id().getText(),
        type: method.typeRef()?.getText() ?? 'void',
        modifiers,
        parameters: (method.formalParameters().formalParameterList()?.formalParameter_list() ?? []).map(
          (one) => ({ name: one.id().getText(), type: one.typeRef().getText() }),
        ),
      })
  }
}

/**
 * @example
 * readApex('public with sharing class A { public String b; }').classes[0].fields // [{ name: 'b', type: 'String', … }]
 */
export function readApex(source: string): ReadApex {
  const errors = new Errors()
  const { parser } = ApexParserFactory.createLexerAndParser(source, errors)
  const reader = new Reader(parser.ruleNames)
  ApexParseTreeWalker.DEFAULT.walk(reader, parser.compilationUnit())
  const { classes, queries, inLoops, locals } = reader
  const hidden = locals
    .filter(({ name, around }) =>
      around.some(({ fields }) =>
        fields.some((field) => field.name !== name && field.name.toLowerCase() === name.toLowerCase()),
      ),
    )
    .map(({ name }) => name)
  return { errors: errors.found, classes, queries, inLoops, hidden }
}
