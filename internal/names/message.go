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

// headerLen is the length of a header (RFC 1035, section 4.1.1).
const headerLen = 12

// A head is the header of a message, with the numbers of its records.
type head struct {
	dnsmessage.Header
	questions, answers, additionals int
}

// header reads the header of a message of at least [headerLen] bytes.
func header(message []byte) head {
	h, _ := new(dnsmessage.Parser).Start(message) // it fails for want of bytes alone
	return head{h, word(message[4:]), word(message[6:]), word(message[10:])}
}

// word is the number in the first two bytes.
func word(b []byte) int { return int(b[0])<<8 | int(b[1]) }

// outcome is what the server says in the header.
func (h head) outcome() outcome {
	switch h.RCode {
	case dnsmessage.RCodeSuccess:
		if h.answers == 0 {
			return absent
		}
		return replied
	case dnsmessage.RCodeNameError:
		return absent
	case dnsmessage.RCodeServerFailure, dnsmessage.RCodeNotImplemented, dnsmessage.RCodeRefused:
		return failed
	}
	return broken
}

// lame reports whether the server knows nothing and asks nobody else.
func (h head) lame() bool {
	return h.outcome() == absent && h.RCode == dnsmessage.RCodeSuccess &&
		!h.Authoritative && !h.RecursionAvailable && h.additionals == 0
}

// answeredBy reports whether a datagram of at least [headerLen] bytes answers
// the question, in the eyes of the C library (glibc 2.36, as tests in compat/
// see it): that it is marked as a response does not matter, nor whether its
// question can be read; one that can be must be ours. Without a question it may
// only be a server's bare refusal.
func (q question) answeredBy(message []byte) bool {
	h := header(message)
	switch {
	case h.ID != q.id:
		return false
	case h.questions == 0:
		return len(message) == headerLen && h.outcome() == failed
	case h.questions != 1:
		return false
	}
	got, err := questionOf(message)
	return err != nil || got.Type == q.Type && got.Class == q.Class && fold(got.Name) == fold(q.Name)
}

// questionOf is the first question of a message.
func questionOf(message []byte) (dnsmessage.Question, error) {
	var p dnsmessage.Parser
	if _, err := p.Start(message); err != nil {
		return dnsmessage.Question{}, err
	}
	return p.Question()
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
// Without one, nothing can be read there, nor where a record cannot be read: of
// an address any of the answers, of a name those before it.
func (r reply) record() *dnsmessage.Parser {
	none, p := new(dnsmessage.Parser), new(dnsmessage.Parser)
	asked, err := questionOf(r.message)
	if err != nil || header(r.message).questions != 1 {
		return none
	}
	if _, err := p.Start(r.message); err != nil || p.SkipAllQuestions() != nil {
		return none
	}
	found, owner := none, fold(asked.Name) // over TCP it may be another
	for {
		h, err := p.AnswerHeader()
		if err == dnsmessage.ErrSectionDone {
			return found
		}
		here := *p
		if err != nil || p.SkipAnswer() != nil {
			return none
		}
		switch {
		case h.Class != dnsmessage.ClassINET:
		case h.Type == dnsmessage.TypeCNAME:
			alias, err := here.CNAMEResource()
			if err != nil {
				return none
			}
			if fold(h.Name) == owner {
				owner = fold(alias.CNAME)
			}
		case h.Type != r.Type || fold(h.Name) != owner:
		case h.Type == dnsmessage.TypePTR:
			return &here
		case h.Length == 4 && found == none:
			found = &here
		}
	}
}
