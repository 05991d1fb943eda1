package signature_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/Project-Manager-With-Git/ppm/pkg/signature"
)

// sshCase is a tag that is signed with an SSH key, and the keys that a user has.
type sshCase struct {
	name    string
	tag     string
	allowed string // the file of allowed signers
	revoked string // the name of the file of revoked keys; "" for none
	want    error  // nil if the signature is accepted
	signer  string // of an accepted signature
	git     bool   // git accepts what is refused here
}

// TestSSHAsGit compares with git, which asks ssh-keygen.
func TestSSHAsGit(t *testing.T) {
	o := newOracle(t)
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	day := func(text string) int64 {
		at, err := time.Parse("2006-01-02", text)
		if err != nil {
			t.Fatal(err)
		}
		return at.Unix()
	}
	for i, c := range sshCases(o, day("2024-05-01")) {
		if testing.Short() && i%4 != 0 {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			o := *o
			o.TB = t
			checkSSH(&o, c, now)
		})
	}
}

func checkSSH(o *oracle, c sshCase, now time.Time) {
	config := []string{"gpg.ssh.allowedSignersFile=" + o.write("allowed", c.allowed)}
	keys := signature.Keys{}
	var err error
	keys.Allowed, err = signature.ParseAllowedSigners("allowed", []byte(c.allowed))
	if err != nil {
		o.Fatal(err)
	}
	if c.revoked != "" {
		config = append(config, "gpg.ssh.revocationFile="+o.path(c.revoked))
		keys.Revoked, err = signature.ParseRevokedKeys("revoked", o.read(c.revoked))
		if err != nil {
			o.Fatal(err)
		}
	}
	signer, err := verdict(o, signature.Tag, c.tag, keys, now)
	if !errors.Is(err, c.want) || signer.String() != c.signer && c.want == nil {
		o.Errorf("Verify = %q, %v; want %q, %v", signer, err, c.signer, c.want)
	}
	if accepted := o.gitAccepts(signature.Tag, c.tag, config...); accepted != (c.want == nil || c.git) {
		o.Errorf("git accepts it: %v", accepted)
	}
}

func sshCases(o *oracle, at int64) []sshCase {
	ann, bob := o.sshKey("ann", "-t", "ed25519"), o.sshKey("bob", "-t", "ed25519")
	id := "ssh:" + o.fingerprint("ann")
	tag := o.signSSH("ann", "git", o.tag("v1", at))
	allow := func(options string) string {
		return "ann@example.com " + strings.TrimSpace(options+" "+ann) + "\n"
	}
	accepted := func(name, allowed string) sshCase {
		return sshCase{name: name, tag: tag, allowed: allowed, signer: id}
	}
	refused := func(name, allowed string, want error) sshCase {
		return sshCase{name: name, tag: tag, allowed: allowed, want: want}
	}
	cases := []sshCase{
		accepted("one key", allow("")),
		accepted("no newline at the end", strings.TrimSuffix(allow(""), "\n")),
		accepted("CRLF", strings.ReplaceAll(allow(""), "\n", "\r\n")),
		accepted("comments", "# none\n\n  \t\n"+strings.TrimSuffix(allow(""), "\n")+" ann's laptop # 1\n"),
		accepted("another key first", "ann@example.com "+bob+"\n"+allow("")),
		accepted("a quoted principal", `"ann@example.com" `+ann+"\n"),
		accepted("a partly quoted principal", `ann"@example.com" `+ann+"\n"),
		accepted("spaces in a principal", `"Ann Example" `+ann+"\n"),
		accepted("tabs", "\tann@example.com\t"+strings.ReplaceAll(ann, " ", "\t")+"\tcomment\n"),
		accepted("a pattern", "*@example.com "+ann+"\n"),
		accepted("only a pattern that excludes itself", "!bob@example.com,*@example.com "+ann+"\n"),
		accepted("a NUL byte after the key", strings.TrimSpace(allow(""))+" x\x00\"\n"),
		refused("a NUL byte before the key", "bob@example.com "+bob+"\nann@example.com\x00 "+ann+"\n",
			signature.UnknownKey),
		accepted("an empty pattern", "ann@example.com,,x "+ann+"\n"),
		refused("an unknown key", "ann@example.com "+bob+"\n", signature.UnknownKey),
		refused("no key", "# nobody\n", signature.UnknownKey),
		refused("a quote that is not closed", "bob@example.com "+bob+"\n\"ann@example.com "+ann+"\n",
			signature.UnknownKey),

		accepted("the namespace of git", allow(`namespaces="git"`)),
		accepted("a list of namespaces", allow(`namespaces="file,gi?"`)),
		accepted("upper case", allow(`NameSpaces="git"`)),
		accepted("a line for other namespaces first", allow(`namespaces="file"`)+allow("")),
		refused("another namespace", allow(`namespaces="file"`), signature.WrongNamespace),
		refused("a namespace that is excluded", allow(`namespaces="!git,*"`), signature.WrongNamespace),
		refused("an empty namespace", allow(`namespaces=""`), signature.WrongNamespace),
		refused("git finds the principal without its namespace",
			allow(`namespaces="file"`)+"bob@example.com namespaces=\"git\" "+ann+"\n", signature.WrongNamespace),
		refused("only a mistake with the key", allow("touch")+"bob@example.com "+bob+"\n", signature.UnknownKey),
		refused("an authority for a key that is not a certificate", allow("cert-authority"), signature.UnknownKey),
	}
	cases = append(cases, timeCases(allow, accepted, refused)...)
	return append(cases, sshSignatureCases(o, at, allow(""), tag, id)...)
}

// timeCases are about a signature of 2024-05-01.
func timeCases(allow func(string) string, accepted func(string, string) sshCase,
	refused func(string, string, error) sshCase) []sshCase {
	return []sshCase{
		accepted("valid at the time", allow(`valid-after="20240430Z",valid-before="20240502Z"`)),
		accepted("valid at that second", allow(`valid-after="20240501000000Z",valid-before="20240501000001UTC"`)),
		accepted("valid at that minute", allow(`valid-after="202405010000Z"`)),
		accepted("expired today but not then", allow(`valid-before="20250101"`)),
		accepted("valid in the next line", allow(`valid-before="20240401"`)+allow(`valid-after="20240402"`)),
		refused("expired", allow(`valid-before="20240430"`), signature.Expired),
		refused("expired a second before", allow(`valid-before="20240430235959Z"`), signature.Expired),
		refused("not yet valid", allow(`valid-after="20240502Z"`), signature.Expired),
		accepted("a line with a mistake in an option first", allow(`valid-after="2024"`)+allow("")),
		accepted("an option without a quote first", allow(`valid-after=20240101`)+allow("")),
		accepted("an unknown option first", allow("touch")+allow("")),
		accepted("a longer option first", allow("cert-authority-x")+allow("")),
		accepted("an option twice first", allow(`namespaces="git",namespaces="git"`)+allow("")),
		accepted("times in the wrong order first", allow(`valid-after="20240102",valid-before="20240101"`)+allow("")),
	}
}

// sshSignatureCases are about the signature, and not the file of allowed signers.
func sshSignatureCases(o *oracle, at int64, allowed, tag, id string) []sshCase {
	o.write("revoked", "# none\n"+strings.TrimSpace(string(o.read("bob.pub")))+" bob\n")
	o.write("revoked-ann", string(o.read("bob.pub"))+string(o.read("ann.pub")))
	krl := func(name, specification string) string {
		o.must(nil, "ssh-keygen", "-q", "-k", "-f", o.path(name), o.write(name+".spec", specification))
		return name
	}
	ofAnn, ofBob := "SHA256:"+strings.TrimPrefix(id, "ssh:SHA256:"), "SHA256:"+o.fingerprint("bob")[len("SHA256:"):]
	body, signed, _ := strings.Cut(tag, "-----BEGIN")
	signed = "-----BEGIN" + signed
	cases := []sshCase{
		{name: "an altered text", tag: strings.Replace(tag, "First", "Last", 1), want: signature.BadSignature},
		{name: "another object", tag: strings.Replace(tag, o.commit, strings.Repeat("1", 40), 1),
			want: signature.BadSignature},
		{name: "another name", tag: strings.Replace(tag, "tag v1", "tag v2", 1), want: signature.BadSignature},
		{name: "another date", tag: strings.Replace(tag, " +0000", "1 +0000", 1), want: signature.BadSignature},
		{name: "not signed", tag: body, want: signature.NotSigned},
		{name: "a text before the signature", tag: body + "x\n" + signed, want: signature.BadSignature},
		{name: "an empty line before the signature", tag: body + "\n" + signed, want: signature.BadSignature},
		{name: "two signatures", tag: tag + signed, want: signature.BadSignature},
		{name: "a text after the signature", tag: tag + "x\n", want: signature.BadSignature, git: true},
		{name: "an empty line after the signature", tag: tag + "\n", signer: id},
		{name: "a signature without an end", tag: strings.Replace(tag, "-----END", "----END", 1),
			want: signature.BadSignature},
		{name: "no tagger", tag: o.signSSH("ann", "git", "object "+o.commit+"\ntype commit\ntag v1\n\nx\n"),
			want: signature.BadSignature},
		{name: "another namespace", tag: o.signSSH("ann", "file", o.tag("v1", at)), want: signature.WrongNamespace},
		{name: "SHA-256", tag: o.signSSH("ann", "git", o.tag("v1", at), "-O", "hashalg=sha256"), signer: id},
		{name: "another key is revoked", tag: tag, revoked: "revoked", signer: id},
		{name: "the key is revoked", tag: tag, revoked: "revoked-ann", want: signature.Revoked},
		{name: "an empty revocation list", tag: tag, revoked: krl("krl", ""), signer: id},
		{name: "the key is in a revocation list", tag: tag,
			revoked: krl("krl-key", string(o.read("bob.pub"))+string(o.read("ann.pub"))), want: signature.Revoked},
		{name: "its SHA-1 is in a revocation list", tag: tag,
			revoked: krl("krl-sha1", "sha1: "+string(o.read("ann.pub"))), want: signature.Revoked},
		{name: "its SHA-256 is in a revocation list", tag: tag,
			revoked: krl("krl-sha256", "sha256: "+string(o.read("ann.pub"))), want: signature.Revoked},
		{name: "its fingerprint is in a revocation list", tag: tag,
			revoked: krl("krl-hash", "hash: "+ofAnn), want: signature.Revoked},
		{name: "another one is in a revocation list", tag: tag,
			revoked: krl("krl-other", "hash: "+ofBob+"\nsha1: "+string(o.read("bob.pub"))), signer: id},
	}
	for i := range cases {
		cases[i].allowed = allowed
	}
	return append(cases, keyTypeCases(o, at)...)
}

// keyTypeCases are about other types of keys.
func keyTypeCases(o *oracle, at int64) []sshCase {
	var cases []sshCase
	for _, c := range []struct{ name, kind, bits string }{
		{"rsa", "rsa", "2048"}, {"p256", "ecdsa", "256"}, {"p384", "ecdsa", "384"}, {"p521", "ecdsa", "521"},
	} {
		key := o.sshKey(c.name, "-t", c.kind, "-b", c.bits)
		tag := o.signSSH(c.name, "git", o.tag("v1", at))
		cases = append(cases,
			sshCase{name: c.name, tag: tag, allowed: "ann " + key + "\n", signer: "ssh:" + o.fingerprint(c.name)},
			sshCase{name: c.name + " altered", tag: strings.Replace(tag, "First", "Last", 1),
				allowed: "ann " + key + "\n", want: signature.BadSignature})
	}
	return cases
}

// TestLocalTimesAsGit compares times of a file with git in a zone that is not UTC.
func TestLocalTimesAsGit(t *testing.T) {
	o := newOracle(t)
	key := o.sshKey("ann", "-t", "ed25519")
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	for _, month := range []time.Month{time.January, time.July} { // without and with daylight saving time
		at := time.Date(2024, month, 1, 0, 0, 0, 0, zone)
		tag := o.signSSH("ann", "git", o.tag("v1", at.Unix()))
		for _, c := range []struct {
			seconds int
			want    error
		}{
			{-86400, signature.Expired}, {-1, signature.Expired}, {0, nil}, {1, nil}, {3600, nil},
		} {
			before := at.Add(time.Duration(c.seconds) * time.Second).Format("20060102150405")
			allowed := `ann valid-before="` + before + `" ` + key + "\n"
			signers, err := signature.ParseAllowedSignersIn("allowed", []byte(allowed), zone)
			if err != nil {
				t.Fatal(err)
			}
			_, err = verdict(t, signature.Tag, tag, signature.Keys{Allowed: signers}, at)
			if !errors.Is(err, c.want) {
				t.Errorf("valid before %s: %v, want %v", before, err, c.want)
			}
			o.zone = "EST5EDT,M3.2.0,M11.1.0" // New York, also on a machine without files of time zones
			config := "gpg.ssh.allowedSignersFile=" + o.write("allowed", allowed)
			if ok := o.gitAccepts(signature.Tag, tag, config); ok != (c.want == nil) {
				t.Errorf("valid before %s: git accepts it: %v", before, ok)
			}
		}
	}
}
