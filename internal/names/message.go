package names

import "golang.org/x/net/dns/dnsmessage"

// A question is what a name server is asked, and the message that asks it.
type question struct {
	dnsmessage.Question
	id      uint16
	message []byte
}

// newQuestion asks for the records of a name, which ends in a dot.
func newQuestion(id uint16, name string, kind dnsmessage.Type) (question, error) {
	n, err := dnsmessage.NewName(name)
	if err != nil {
		return question{}, err
	}
	q := dnsmessage.Question{Name: n, Type: kind, Class: dnsmessage.ClassINET}
	m := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: id, RecursionDesired: true},
		Questions: []dnsmessage.Question{q},
	}
	packed, err := m.Pack()
	return question{q, id, packed}, err
}

// answeredBy reports whether the message is a response to the question.
func (q question) answeredBy(message []byte) bool {
	var p dnsmessage.Parser
	h, err := p.Start(message)
	if err != nil || !h.Response || h.ID != q.id {
		return false
	}
	got, err := p.Question()
	if err == dnsmessage.ErrSectionDone {
		return h.RCode != dnsmessage.RCodeSuccess // a server that fails may leave it out
	}
	return err == nil && got.Type == q.Type && got.Class == q.Class && fold(got.Name) == fold(q.Name)
}

// fold makes names comparable: case does not matter.
func fold(name dnsmessage.Name) string { return lower(name.String()) }

// A reply is a message from a name server, and the question that it answers.
type reply struct {
	question
	message []byte
}

// record is the place of the first record of the type asked for that belongs to
// the name asked for, or to the one that a CNAME record before it leads to.
// Without one, nothing can be read there.
func (r reply) record() *dnsmessage.Parser {
	none, p := new(dnsmessage.Parser), new(dnsmessage.Parser)
	if _, err := p.Start(r.message); err != nil || p.SkipAllQuestions() != nil {
		return none
	}
	owner := fold(r.Name)
	for {
		h, err := p.AnswerHeader()
		here := *p
		if err != nil || p.SkipAnswer() != nil {
			return none
		}
		if h.Class != dnsmessage.ClassINET || fold(h.Name) != owner {
			continue
		}
		switch h.Type {
		case r.Type:
			if h.Type == dnsmessage.TypeA && h.Length != 4 {
				return none // the parser reads four bytes, whatever the record says
			}
			return &here
		case dnsmessage.TypeCNAME:
			alias, err := here.CNAMEResource()
			if err != nil {
				return none
			}
			owner = fold(alias.CNAME)
		}
	}
}
