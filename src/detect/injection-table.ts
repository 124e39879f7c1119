/** Something that texts say to take over an agent which reads them. */
export type InjectionSign = {
  readonly name: string;
  /** On its own with 1; below that only together with others nearby */
  readonly weight: number;
  /** Matched against lower-case text without markup; every repetition is bounded */
  readonly form: RegExp;
};

const OVERRIDE = "(?:ignore|disregard|forget|override|overrule|bypass|neglect|discard)";
const FILLERS =
  "(?:(?:about|all|any|the|your|my|our|these|those|every|each|and|or|of|other|everything|entirely)\\s+){0,5}";
const SHOW =
  "(?:output|print|reveal|repeat|show|display|disclose|return|leak|include|share|tell|send|give|provide|read|cat|upload|post|paste|append|prepend|attach|exfiltrate|copy|email|forward)(?:s|ing)?";
const FILES =
  "(?:\\/etc\\/(?:passwd|shadow)|\\.ssh\\/|id_rsa|id_ed25519|\\.aws\\/credentials|(?<![\\w.])\\.env\\b|\\.netrc|\\.kube\\/config|\\.git-credentials)";
const READER = "(?:ai|llm|language model|assistant|agent|model|chatbot|claude|gpt|chatgpt|copilot|codex|gemini)s?";

function sign(name: string, weight: number, form: string): InjectionSign {
  return { name, weight, form: new RegExp(form, "gm") };
}

/** What gives an injection away, in the languages in which they are written most. */
export const INJECTION_SIGNS: readonly InjectionSign[] = [
  // instructions that the agent has, to be dropped
  sign(
    "override",
    1,
    `\\b${OVERRIDE}\\s+${FILLERS}(?:previous|prior|above|earlier|preceding|foregoing)\\s+(?:\\w+\\s+){0,2}?(?:instructions?|directions?|directives?|guidelines?|rules?|prompts?|constraints?|restrictions?|orders|programming)\\b`,
  ),
  sign(
    "override",
    1,
    `\\b${OVERRIDE}\\s+${FILLERS}(?:system|safety|ethical|original|initial|developer|hidden|content)\\s+(?:\\w+\\s+)?(?:instructions?|prompts?|guidelines?|directives?|programming|training|safeguards?|restrictions?)\\b`,
  ),
  sign(
    "override",
    1,
    `\\b(?:ignore|disregard|forget)\\s+(?:all|any|every)\\s+(?:of\\s+)?(?:the\\s+|your\\s+|these\\s+)?(?:instructions|directives)\\b`,
  ),
  sign(
    "override",
    1,
    `\\b${OVERRIDE}\\s+(?:all\\s+(?:of\\s+)?)?your\\s+(?:instructions|programming|training|guidelines|directives|safeguards|restrictions)\\b`,
  ),
  sign(
    "override",
    1,
    "\\b(?:do not|don't|stop) (?:follow|obey)(?:ing)?\\s+(?:any\\s+|the\\s+|your\\s+|all\\s+){0,2}(?:previous|prior|original|system|earlier)\\s+(?:instructions|prompts?|rules|guidelines)",
  ),
  sign(
    "override",
    0.6,
    `\\b${OVERRIDE}\\s+${FILLERS}(?:previous|prior|above|earlier|preceding)\\s+(?:\\w+\\s+){0,2}?(?:context|messages?|conversation|commands?|text|content|input)\\b`,
  ),
  sign(
    "override",
    0.6,
    "\\b(?:ignore|disregard|forget)\\s+(?:everything|anything|what)\\s+(?:that\\s+)?(?:you|i|we|was|were|above|before|the user)\\b",
  ),
  sign(
    "override",
    1,
    "\\bignorier\\w*\\s+(?:\\w+\\s+){0,2}(?:vorherigen?|bisherigen?|vorigen?|fruheren?)\\s+(?:anweisungen|instruktionen|befehle|regeln)",
  ),
  sign(
    "override",
    1,
    "\\bignore[rz]?\\s+(?:toutes\\s+)?(?:les\\s+|vos\\s+|tes\\s+)?(?:instructions|consignes)\\s+(?:precedentes|anterieures)",
  ),
  sign(
    "override",
    1,
    "\\bignor\\w{1,4}\\s+(?:todas\\s+)?(?:las?\\s+|as\\s+|sus\\s+|tus\\s+)?(?:instrucciones|instrucoes|indicaciones)\\s+(?:anteriores|previas)",
  ),
  sign(
    "override",
    1,
    "\\bignora\\w{0,3}\\s+(?:tutte\\s+)?(?:le\\s+)?istruzioni\\s+precedenti|\\bnegeer\\s+(?:alle\\s+)?(?:vorige|eerdere)\\s+instructies",
  ),
  sign(
    "override",
    1,
    "\\u0438\\u0433\\u043d\\u043e\\u0440\\u0438\\u0440\\u0443\\S{1,6}\\s+(?:\\u0432\\u0441\\u0435\\s+)?(?:\\u043f\\u0440\\u0435\\u0434\\u044b\\u0434\\u0443\\u0449\\u0438\\u0435\\s+)?\\u0438\\u043d\\u0441\\u0442\\u0440\\u0443\\u043a\\u0446\\u0438\\u0438",
  ),
  sign(
    "override",
    1,
    "\\u5ffd\\u7565[^\\u3002\\n]{0,8}(?:\\u6307\\u4ee4|\\u6307\\u793a|\\u63d0\\u793a)|\\u6307\\u793a\\u3092[^\\u3002\\n]{0,6}\\u7121\\u8996|\\uc9c0\\uc2dc[^.\\n]{0,8}\\ubb34\\uc2dc",
  ),
  // another self
  sign(
    "persona",
    1,
    "\\byou are now (?:in |entering |operating in )?(?:an? |the )?(?:\\w+ ){0,2}?(?:dan\\b|unrestricted|jailbroken|unfiltered|uncensored|(?:developer|debug|god|admin|root|maintenance|sudo) mode)",
  ),
  sign(
    "persona",
    1,
    "\\b(?:act|behave|respond|answer|pretend|role-?play)\\b[^.\\n]{0,40}\\b(?:dan\\b|unrestricted|jailbroken|unfiltered|uncensored|without (?:any )?(?:restrictions|filters|limits|rules|guidelines))",
  ),
  sign("persona", 0.8, "\\bdo anything now\\b|\\bdan mode\\b"),
  sign(
    "mode",
    0.4,
    "\\b(?:developer|debug|god|unrestricted|maintenance|admin|sudo|jailbreak|root) mode (?:is |has been )?(?:now )?(?:enabled|activated|engaged|unlocked)",
  ),
  sign(
    "rights",
    0.5,
    "\\byou (?:now )?(?:have|possess) (?:\\w+ ){0,3}?(?:admin\\w*|root|elevated|unrestricted) (?:\\w+ ){0,2}?(?:access|privileges|permissions|rights)",
  ),
  sign("from now on", 0.5, "\\bfrom now on,? (?:you|your|always|act|respond|ignore)"),
  sign("obedience", 0.6, "\\bcomply with (?:every|all|any) (?:\\w+ )?(?:requests?|commands?|instructions?)"),
  sign("unbound", 0.3, "\\bwithout (?:any )?(?:restrictions?|filtering|filters|limitations|censorship|hesitation)\\b"),
  // a voice that is not the server's
  sign("authority", 1, "<\\|(?:im_start|start_header_id)\\|>\\s?(?:system|assistant|user)\\b|<\\|system\\|>"),
  sign("authority", 0.8, "<\\|(?:im_start|im_end|system|start_header_id|eot_id|endoftext)\\|?>|<<sys>>|\\[\\/?inst\\]"),
  sign(
    "authority",
    0.5,
    "\\[\\s?(?:system|admin|administrator|developer)(?: \\w+){0,2}\\s?\\]|^\\W{0,4}system(?: (?:prompt|message|note|notice|update|override|alert|instruction|command|directive))?\\s?:(?=\\s)|\\bsystem (?:administrator )?(?:notice|update|note|override|alert|directive|instruction)s?\\s?:",
  ),
  sign(
    "addressed",
    0.6,
    `\\b(?:important|urgent|critical|attention|note|notice|instructions?|message|dear|hello)\\b[ ,:]{0,2}(?:to |for )?(?:the |all |any )?${READER}\\b`,
  ),
  sign(
    "addressed",
    0.6,
    `\\b(?:if|when|since|as) (?:you are|you're)? ?(?:reading this as )?an? (?:\\w+ )?(?:ai|llm|language model|ai assistant|coding agent|autonomous agent)\\b`,
  ),
  sign(
    "new orders",
    0.5,
    "\\bnew (?:\\w+ ){0,2}?(?:directives?|instructions?|objectives?|orders?)(?: received| follow)?\\s?[:.!]|\\b(?:updated|actual|real) instructions\\b",
  ),
  sign(
    "important",
    0.2,
    "^\\W{0,4}(?:important|urgent|critical|attention)\\b|\\b(?:important|urgent|critical|attention)\\s?(?:\\w+ ){0,2}:",
  ),
  // what the agent is to do
  sign(
    "order",
    0.4,
    "\\byou (?:must|need to|have to|are required to) (?:now |first |immediately |always )?(?:call|invoke|use|run|execute|send|read|include|fetch|navigate|visit|output|reveal)\\b",
  ),
  sign("order", 0.3, "\\b(?:execute|run) (?:the )?(?:following|this) (?:\\w+ )?(?:command|script|code)"),
  sign(
    "tool",
    0.4,
    "\\b(?:call|invoke|use|run|execute|trigger)(?:ing)? (?:the |your )?(?!the |this |that |an? )[\\w.-]{2,40} tool\\b|\\bcall(?:ing)? (?:run_command|read_file|write_file|fetch|bash|exec\\w*|send_\\w+|web_\\w+|http_\\w+)\\b",
  ),
  sign(
    "into the request",
    0.4,
    "\\b(?:in|into|to|as|through|with) (?:the|your) (?:[\\w-]+ )?(?:query|request|response|message|parameter|metadata|arguments?|prompt)\\b",
  ),
  sign(
    "whole",
    0.4,
    "\\bpass (?:the |all )?(?:full|entire|complete|whole|file) [^.\\n]{0,40}\\b(?:as|in|through|to)\\b",
  ),
  sign("tool first", 0.7, "\\bfirst (?:call|use|invoke|run) this (?:tool|function)\\b"),
  sign(
    "tool first",
    0.7,
    "\\b(?:always|must) use this (?:tool|server|function) instead\\b|\\bsupersedes? (?:any|all|other|default|built-in)\\b[^.\\n]{0,30}\\btools?\\b",
  ),
  sign(
    "before",
    0.4,
    "\\b(?:before|prior to) (?:using|calling|proceeding|continuing|answering|responding|returning|summari[sz]ing|completing|you|each|every)\\b[^.\\n]{0,60}\\b(?:first|always|read|call|send|output|run|include|execute)\\b",
  ),
  sign(
    "prompt",
    0.6,
    `\\b${SHOW}\\b[^.\\n]{0,40}\\b(?:system prompts?|initial (?:prompt|instructions)|tool definitions|hidden (?:prompt|instructions)|your (?:instructions|prompt|guidelines))\\b`,
  ),
  sign("files", 0.6, `\\b${SHOW}\\b[^\\n]{0,60}${FILES}`),
  sign(
    "secrets",
    0.4,
    `\\b${SHOW}\\b[^.\\n]{0,40}\\b(?:api keys?|environment variables|env vars|credentials|passwords|secrets|private keys?|access tokens?|(?:conversation|chat) history|session (?:data|tokens?))\\b`,
  ),
  sign(
    "exfiltration",
    1,
    `\\b(?:curl|wget|nc|invoke-webrequest)\\b[^\\n]{1,200}(?:\\$\\(|-d\\s?@|--data\\S{0,10}\\s?@|=@|\`)[^\\n]{0,60}(?:${FILES}|\\b(?:env|printenv|whoami)\\b)`,
  ),
  sign("pipe", 0.3, "\\b(?:curl|wget)\\b[^\\n|]{1,200}\\|\\s?(?:sudo )?(?:ba|z|da|k)?sh\\b"),
  sign(
    "address",
    0.3,
    "\\b(?:send|post|upload|forward|transmit|exfiltrate|submit|email|fetch|visit|navigate|open|with url)\\b[^\\n]{0,80}https?:\\/\\/",
  ),
  sign(
    "decode and run",
    1,
    "\\bdecode\\b[^.\\n]{0,60}\\b(?:base64|hex|rot13|string|following|text|payload)\\b[^.\\n]{0,40}\\b(?:execute|run|eval\\w*|follow|obey|perform)\\b",
  ),
  sign(
    "conceal",
    0.6,
    "\\b(?:do not|don't|never|without) (?:tell|inform|mention|alert|notify|reveal|ask|show)(?:ing)?\\b[^.\\n]{0,40}\\b(?:user|human|operator|anyone)\\b",
  ),
  sign("conceal", 0.3, "\\b(?:silently|secretly|covertly)\\b"),
  sign(
    "pressure",
    0.3,
    "\\bthis is (?:required|mandatory|necessary|a mandatory|critical)\\b|\\bmust be (?:performed|done|executed|completed) (?:immediately|now)\\b|\\bfailure to comply\\b|\\bfor (?:security|authentication|verification|compliance|auditing|diagnostic)(?: auditing)? purposes\\b|\\brequires? (?:sending|you to)\\b",
  ),
];
