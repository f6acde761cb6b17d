// Runs go-openai, unchanged, against the server at GIGAROUTER_URL. Started by `npm run test:clients`.
package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"

	openai "github.com/sashabaranov/go-openai"
	"github.com/sashabaranov/go-openai/jsonschema"
)

const (
	client = "github.com/sashabaranov/go-openai"
	model  = "gigarouter/demo-shapes"
)

type check struct {
	operation string
	run       func(context.Context, *openai.Client) error
}

func newClient(key string) *openai.Client {
	config := openai.DefaultConfig(key)
	config.BaseURL = os.Getenv("GIGAROUTER_URL") + "/v1"
	return openai.NewClientWithConfig(config)
}

func question(text string) ([]openai.ChatCompletionMessage, error) {
	picture, err := os.ReadFile(os.Getenv("GIGAROUTER_IMAGE"))
	if err != nil {
		return nil, err
	}
	url := "data:image/png;base64," + base64.StdEncoding.EncodeToString(picture)
	return []openai.ChatCompletionMessage{{
		Role: openai.ChatMessageRoleUser,
		MultiContent: []openai.ChatMessagePart{
			{Type: openai.ChatMessagePartTypeText, Text: text},
			{Type: openai.ChatMessagePartTypeImageURL, ImageURL: &openai.ChatMessageImageURL{URL: url}},
		},
	}}, nil
}

func chat(ctx context.Context, c *openai.Client) error {
	messages, err := question("Which of these is it: red circle or green heart?")
	if err != nil {
		return err
	}
	answer, err := c.CreateChatCompletion(ctx, openai.ChatCompletionRequest{Model: model, Messages: messages})
	if err != nil {
		return err
	}
	if text := answer.Choices[0].Message.Content; text != "green heart" {
		return fmt.Errorf("the answer is %q", text)
	}
	stream, err := c.CreateChatCompletionStream(ctx, openai.ChatCompletionRequest{Model: model, Messages: messages})
	if err != nil {
		return err
	}
	defer stream.Close()
	var text strings.Builder
	for {
		chunk, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		for _, choice := range chunk.Choices {
			text.WriteString(choice.Delta.Content)
		}
	}
	if text.String() != "green heart" {
		return fmt.Errorf("the streamed answer is %q", text.String())
	}
	return nil
}

func tools(ctx context.Context, c *openai.Client) error {
	messages, err := question("What is it?")
	if err != nil {
		return err
	}
	answer, err := c.CreateChatCompletion(ctx, openai.ChatCompletionRequest{
		Model:    model,
		Messages: messages,
		Tools: []openai.Tool{{
			Type: openai.ToolTypeFunction,
			Function: &openai.FunctionDefinition{
				Name: "classify",
				Parameters: jsonschema.Definition{
					Type: jsonschema.Object,
					Properties: map[string]jsonschema.Definition{
						"shape": {Type: jsonschema.String, Enum: []string{"red circle", "green heart"}},
					},
					Required: []string{"shape"},
				},
			},
		}},
	})
	if err != nil {
		return err
	}
	calls := answer.Choices[0].Message.ToolCalls
	if len(calls) != 1 || !strings.Contains(calls[0].Function.Arguments, "green heart") {
		return fmt.Errorf("the calls are %v", calls)
	}
	return nil
}

func embeddings(ctx context.Context, c *openai.Client) error {
	answer, err := c.CreateEmbeddings(ctx, openai.EmbeddingRequestStrings{
		Input: []string{"red circle", "green heart"},
		Model: openai.EmbeddingModel(model),
	})
	if err == nil && len(answer.Data) != 2 {
		err = fmt.Errorf("there are %d vectors", len(answer.Data))
	}
	return err
}

func files(ctx context.Context, c *openai.Client) error {
	file, err := c.CreateFile(ctx, openai.FileRequest{
		FileName: "green-heart.png",
		FilePath: os.Getenv("GIGAROUTER_IMAGE"),
		Purpose:  "vision",
	})
	if err != nil {
		return err
	}
	if _, err := c.GetFile(ctx, file.ID); err != nil {
		return err
	}
	return c.DeleteFile(ctx, file.ID)
}

func batches(ctx context.Context, c *openai.Client) error {
	batch, err := c.CreateBatchWithUploadFile(ctx, openai.CreateBatchWithUploadFileRequest{
		Endpoint:         openai.BatchEndpointEmbeddings,
		CompletionWindow: "24h",
		UploadBatchFileRequest: openai.UploadBatchFileRequest{
			Lines: []openai.BatchLineItem{openai.BatchEmbeddingRequest{
				CustomID: "one",
				Method:   "POST",
				URL:      openai.BatchEndpointEmbeddings,
				Body:     openai.EmbeddingRequest{Input: "red circle", Model: openai.EmbeddingModel(model)},
			}},
		},
	})
	if err != nil {
		return err
	}
	if _, err = c.RetrieveBatch(ctx, batch.ID); err != nil {
		return err
	}
	_, err = c.CancelBatch(ctx, batch.ID)
	var refused *openai.APIError
	if errors.As(err, &refused) && refused.HTTPStatusCode < 500 {
		return nil // It has ended already.
	}
	return err
}

func wrongKey(ctx context.Context, _ *openai.Client) error {
	_, err := newClient("sk-proj-x").ListFiles(ctx)
	var refused *openai.APIError
	if !errors.As(err, &refused) || refused.HTTPStatusCode != 401 {
		return fmt.Errorf("the error is %v", err)
	}
	return nil
}

func versionOf(path string) string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, dep := range info.Deps {
			if dep.Path == path {
				return strings.TrimPrefix(dep.Version, "v")
			}
		}
	}
	return "unknown"
}

func main() {
	checks := []check{
		{"CreateChatCompletion, stream", chat},
		{"CreateChatCompletion with tools", tools},
		{"CreateEmbeddings", embeddings},
		{"CreateFile, GetFile, DeleteFile", files},
		{"CreateBatchWithUploadFile, CancelBatch", batches},
		{"errors", wrongKey},
	}
	c := newClient(os.Getenv("GIGAROUTER_KEY"))
	out := json.NewEncoder(os.Stdout)
	for _, one := range checks {
		line := map[string]string{
			"client": client, "version": versionOf(client), "operation": one.operation, "result": "passed",
		}
		if err := one.run(context.Background(), c); err != nil {
			line["result"], line["detail"] = "failed", err.Error()
		}
		_ = out.Encode(line)
	}
}
