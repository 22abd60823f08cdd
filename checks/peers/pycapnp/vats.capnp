# What the two vats say to each other: the first object and the named objects.
@0xd0f3a1c5b7e29486;

struct Entry {
  # A reference, and what the sender calls it.
  name @0 :Text;
  who @1 :Named;
}

interface Named {
  # An object of a vat's own.
  whoami @0 () -> (name :Text);
  poke @1 ();
  ask @2 (question :Text, entries :List(Entry)) -> (name :Text, who :Named);
}

interface First {
  # The object that each vat reaches the other by.
  take @0 (entries :List(Entry), note :Text);
}

interface Later {
  # Stays in its vat: the result of a call that it has not answered yet is that vat's promise.
  wait @0 () -> (who :Named);
}
