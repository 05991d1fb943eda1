package sshkeys

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"

	"golang.org/x/crypto/ssh"
)

// krlMagic begins a key revocation list, whose format is described in PROTOCOL.krl of OpenSSH.
const krlMagic = "SSHKRL\n\x00"

// The sections of a list.
const (
	krlCertificates      = 1
	krlExplicitKeys      = 2
	krlSHA1Fingerprint   = 3
	krlSHA256Fingerprint = 5
	krlExtension         = 255
)

// The sections of the section of certificates.
const (
	krlSerialList           = 0x20
	krlSerialRange          = 0x21
	krlSerialBitmap         = 0x22
	krlKeyIDs               = 0x23
	krlCertificateExtension = 0x39
)

// serialBitmap has serial numbers from an offset on, one for each bit.
type serialBitmap struct {
	offset uint64
	bits   *big.Int
}

func (b serialBitmap) has(serial uint64) bool {
	return serial >= b.offset && serial-b.offset < uint64(b.bits.BitLen()) && b.bits.Bit(int(serial-b.offset)) == 1
}

var errKRL = errors.New("the key revocation list is damaged")

// readKRL reads a list after its magic. An unknown section is an error: it may revoke a key.
func (r *Revoked) readKRL(list []byte) error {
	var header struct {
		FormatVersion             uint32
		Version, Generated, Flags uint64
		Reserved, Comment         []byte
		Sections                  []byte `ssh:"rest"`
	}
	if err := ssh.Unmarshal(list, &header); err != nil {
		return errKRL
	}
	if header.FormatVersion != 1 {
		return fmt.Errorf("the key revocation list has the format version %d", header.FormatVersion)
	}
	return eachSection(header.Sections, func(kind byte, section []byte) error {
		switch kind {
		case krlCertificates:
			return r.readCertificates(section)
		case krlExplicitKeys:
			return eachString(section, r.addKey)
		case krlSHA1Fingerprint:
			return eachString(section, func(sum []byte) error { r.sha1[string(sum)] = true; return nil })
		case krlSHA256Fingerprint:
			return eachString(section, func(sum []byte) error { r.sha256[string(sum)] = true; return nil })
		case krlExtension:
			return checkExtension(section)
		}
		return fmt.Errorf("the key revocation list has a section of the unknown type %d", kind)
	})
}

func (r *Revoked) addKey(blob []byte) error {
	r.keys[string(blob)] = true
	return nil
}

func (r *Revoked) readCertificates(section []byte) error {
	var fields struct {
		Authority, Reserved []byte
		Sections            []byte `ssh:"rest"`
	}
	if err := ssh.Unmarshal(section, &fields); err != nil {
		return errKRL
	}
	c := revokedCertificates{authority: string(fields.Authority)}
	err := eachSection(fields.Sections, func(kind byte, section []byte) error {
		switch kind {
		case krlSerialList:
			return c.addSerials(section)
		case krlSerialRange:
			if len(section) != 16 {
				return errKRL
			}
			c.serials = append(c.serials, serialRange{
				binary.BigEndian.Uint64(section), binary.BigEndian.Uint64(section[8:]),
			})
			return nil
		case krlSerialBitmap:
			var fields struct {
				Offset uint64
				Bits   *big.Int
			}
			if err := ssh.Unmarshal(section, &fields); err != nil || fields.Bits.Sign() < 0 {
				return errKRL
			}
			c.bitmaps = append(c.bitmaps, serialBitmap{fields.Offset, fields.Bits})
			return nil
		case krlKeyIDs:
			return eachString(section, func(id []byte) error { c.ids = append(c.ids, string(id)); return nil })
		case krlCertificateExtension:
			return checkExtension(section)
		}
		return fmt.Errorf("the key revocation list has certificates of the unknown type %#x", kind)
	})
	r.certificates = append(r.certificates, c)
	return err
}

func (c *revokedCertificates) addSerials(section []byte) error {
	if len(section)%8 != 0 {
		return errKRL
	}
	for ; len(section) > 0; section = section[8:] {
		serial := binary.BigEndian.Uint64(section)
		c.serials = append(c.serials, serialRange{serial, serial})
	}
	return nil
}

// checkExtension returns an error for an extension that a reader must not ignore.
func checkExtension(section []byte) error {
	var extension struct {
		Name     string
		Critical bool
		Contents []byte
	}
	if err := ssh.Unmarshal(section, &extension); err != nil {
		return errKRL
	}
	if extension.Critical {
		return fmt.Errorf("the key revocation list has the unknown extension %q", extension.Name)
	}
	return nil
}

// eachSection calls visit for each section: a byte with its type, and a string with its content.
func eachSection(sections []byte, visit func(kind byte, section []byte) error) error {
	for len(sections) > 0 {
		var next struct {
			Kind    byte
			Section []byte
			Rest    []byte `ssh:"rest"`
		}
		if err := ssh.Unmarshal(sections, &next); err != nil {
			return errKRL
		}
		if err := visit(next.Kind, next.Section); err != nil {
			return err
		}
		sections = next.Rest
	}
	return nil
}

// eachString calls visit for each of a sequence of strings.
func eachString(sequence []byte, visit func([]byte) error) error {
	for len(sequence) > 0 {
		var next struct {
			Value []byte
			Rest  []byte `ssh:"rest"`
		}
		if err := ssh.Unmarshal(sequence, &next); err != nil {
			return errKRL
		}
		if err := visit(next.Value); err != nil {
			return err
		}
		sequence = next.Rest
	}
	return nil
}
