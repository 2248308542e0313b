// SPDX-License-Identifier: Apache-2.0

// Makes golden.json: what Go's text/template gives for each template of cases.txt.
//
//	go run testdata/golden.go testdata/cases.txt > testdata/golden.json
//
// cases.txt holds one case a line, as a Go string literal; the values are those below.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strconv"
	"strings"
	"text/template"
)

type golden struct {
	Template string `json:"template"`
	Output   string `json:"output"`
	// Go refuses the template, or stops within it.
	Fails bool `json:"fails"`
}

func render(text string, values map[string]string) golden {
	result := golden{Template: text, Fails: true}
	parsed, err := template.New("case").Option("missingkey=error").Parse(text)
	if err != nil {
		return result
	}
	var output bytes.Buffer
	if err := parsed.Execute(&output, values); err != nil {
		return result
	}
	return golden{Template: text, Output: output.String()}
}

func main() {
	values := map[string]string{
		"name": "word count", "n": "3", "empty": "", "Image": "alpine:3", "ü": "ö€",
		"quote": "say \"hi\"\n",
	}
	file, err := os.Open(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	results := []golden{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		line := lines.Text()
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		text, err := strconv.Unquote(line)
		if err != nil {
			log.Fatal(line, err)
		}
		results = append(results, render(text, values))
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(map[string]any{"values": values, "cases": results}); err != nil {
		log.Fatal(fmt.Errorf("writing: %w", err))
	}
}
