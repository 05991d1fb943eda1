package wire

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/go-git/go-git/v5/plumbing/format/pktline"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
)

// encodeRequest returns the request to send for req, and its encoding. The capabilities in it are chosen from those
// that the server offers.
func encodeRequest(
	req *packp.UploadPackRequest, offered *capability.List, silent bool,
) (*packp.UploadPackRequest, []byte, error) {
	if !offered.Supports(capability.Sideband64k) {
		return nil, nil, errOld
	}
	own := packp.NewUploadPackRequest()
	own.Wants, own.Haves, own.Shallows = slices.Clone(req.Wants), slices.Clone(req.Haves), slices.Clone(req.Shallows)
	if req.Depth != nil {
		own.Depth = req.Depth
	}
	ask := []capability.Capability{capability.Sideband64k}
	for _, c := range []capability.Capability{
		capability.OFSDelta, capability.Shallow, capability.DeepenSince, capability.DeepenNot, capability.NoProgress,
	} {
		if offered.Supports(c) && (c != capability.NoProgress || silent) {
			ask = append(ask, c)
		}
	}
	if req.Filter != "" && offered.Supports(capability.Filter) {
		own.Filter = req.Filter
		ask = append(ask, capability.Filter)
	}
	for _, c := range ask {
		if err := own.Capabilities.Add(c); err != nil {
			return nil, nil, err
		}
	}
	if offered.Supports(capability.Agent) {
		if err := own.Capabilities.Add(capability.Agent, agentName); err != nil {
			return nil, nil, err
		}
	}
	if err := own.Validate(); err != nil {
		return nil, nil, fmt.Errorf("the server cannot do what is asked: %w", err)
	}
	var b bytes.Buffer
	if err := own.UploadRequest.Encode(&b); err != nil {
		return nil, nil, err
	}
	if err := own.UploadHaves.Encode(&b, false); err != nil {
		return nil, nil, err
	}
	err := pktline.NewEncoder(&b).EncodeString("done\n")
	return own, b.Bytes(), err
}

// decodeResponse reads the response up to the pack and returns a response whose body is the pack alone.
func decodeResponse(
	req *packp.UploadPackRequest, raw *guardedReader, progress func(string), explain func(error) error,
) (*packp.UploadPackResponse, error) {
	head := packp.NewUploadPackResponse(req)
	if err := head.Decode(raw); err != nil {
		var line *pktline.ErrorLine
		switch {
		case raw.err != nil && errors.Is(err, raw.err):
			return nil, raw.err
		case errors.As(err, &line):
			return nil, errServerSays(line.Text)
		}
		return nil, protocolError{"a malformed response"}
	}
	resp := packp.NewUploadPackResponseWithPackfile(req, &packReader{
		raw: raw, packets: newPackets(head), progress: progress, explain: explain,
	})
	resp.ShallowUpdate, resp.ServerResponse = head.ShallowUpdate, head.ServerResponse
	return resp, nil
}
