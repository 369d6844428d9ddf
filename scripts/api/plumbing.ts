/** Types that public declarations refer to and that no entry exports, each with the reason. */

export const plumbing: Readonly<Record<string, string>> = {
  ActorBody: "what the runtime runs of a definition: made by defineActor, never written or read by a caller",
  Handlers: "a part of ActorBody",
  OptionsArgument: "makes the last argument of an error's constructor optional where no detail is due",
  Arguments: "makes the input of `tell` optional where the message takes none",
  AskArguments: "the same for `ask`",
  Transferable: "how an actor ref travels: between the ref and the copier of messages",
  Transferred: "what a Transferable is on its way",
  transfer: "the method of a Transferable",
  addressBrand: "keeps a string from passing as an Address",
  workflowTypes: "carries the types of a workflow's output and steps; never there at run time",
  IsCloneable: "turns a value that can't cross to another actor into a compile-time error",
  CloneableCheck: "a part of IsCloneable",
  CloneableProtocol: "IsCloneable for each message of a protocol",
  Callable: "a part of IsCloneable",
  IsError: "a part of IsCloneable",
  Whole: "a part of IsCloneable",
  StateOf: "the state of one key of a transaction, inferred from the keys",
  StatesOf: "the states of all keys of a transaction, inferred from the keys",
  FreeName: "turns a step's name that is taken into a compile-time error",
  Sources: "what a step's mapping gets, inferred from its `after`",
};
