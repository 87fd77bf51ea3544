using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace OrleansBroker.Compatibility.Tests.Drivers;

/// <summary>
/// The process in which a client runs. Commands go to it as lines of JSON and may run side by side; each answer carries
/// the id of its command.
/// </summary>
internal sealed partial class ClientDriver : IAsyncDisposable
{
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(90);
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };
    private readonly string _name;
    private readonly Process _process;
    private readonly ConcurrentDictionary<int, TaskCompletionSource<JsonNode?>> _waiting = new();
    private readonly ConcurrentQueue<string> _complaints = new();
    private readonly SemaphoreSlim _writing = new(1);
    private bool _isDisposed;
    private int _lastId;

    private ClientDriver(string name, Process process)
    {
        _name = name;
        _process = process;
        _process.OutputDataReceived += (_, line) => Hear(line.Data);
        _process.ErrorDataReceived += (_, line) => Complain(line.Data);
    }

    public string Name => _name;

    public static ClientDriver Start(string client, string brokerAddress)
    {
        ClientKind kind = ClientCatalog.Get(client);
        string[] script = kind.Program.EndsWith("python3", StringComparison.Ordinal) ? ["-B", kind.Script] : [kind.Script];
        var start = new ProcessStartInfo(kind.Program, [.. script, brokerAddress])
        {
            WorkingDirectory = Repository.ClientsDirectory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["UV_THREADPOOL_SIZE"] = "16" },
        };
        var driver = new ClientDriver(client, Process.Start(start)!);
        driver._process.BeginOutputReadLine();
        driver._process.BeginErrorReadLine();
        return driver;
    }

    /// <summary>Sends a command and waits for its answer; <see cref="ClientException"/> if the client raised an error.</summary>
    public async Task<JsonNode?> CallAsync(string command, object? parameters = null)
    {
        int id = Interlocked.Increment(ref _lastId);
        JsonObject message = JsonSerializer.SerializeToNode(parameters ?? new(), Json)!.AsObject();
        message["id"] = id;
        message["command"] = command;
        var answer = new TaskCompletionSource<JsonNode?>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting[id] = answer;
        await WriteAsync(message.ToJsonString());
        try
        {
            return await answer.Task.WaitAsync(AnswerTimeout);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"{_name} did not answer {command} in {AnswerTimeout}:\n{Complaints}");
        }
    }

    public async Task<T> CallAsync<T>(string command, object? parameters = null) => (await CallAsync(command, parameters)).Deserialize<T>(Json)!;

    /// <summary>Ends the client as a crash would. May be called again.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }
        _process.Dispose();
        _writing.Dispose();
    }

    private string Complaints => string.Join('\n', _complaints);

    private async Task WriteAsync(string line)
    {
        await _writing.WaitAsync();
        try
        {
            await _process.StandardInput.WriteLineAsync(line);
            await _process.StandardInput.FlushAsync();
        }
        finally
        {
            _writing.Release();
        }
    }

    private void Hear(string? line)
    {
        if (line is null)
        {
            FailAll();
            return;
        }
        JsonObject answer = JsonNode.Parse(line)!.AsObject();
        if (!_waiting.TryRemove((int)answer["id"]!, out TaskCompletionSource<JsonNode?>? waiting))
        {
            return;
        }
        if (answer["error"] is { } error)
        {
            waiting.SetException(new ClientException((int?)error["code"], $"{_name}: {(string?)error["message"]}\n{Complaints}"));
        }
        else
        {
            waiting.SetResult(answer["result"]);
        }
    }

    private void FailAll()
    {
        foreach (TaskCompletionSource<JsonNode?> waiting in _waiting.Values)
        {
            waiting.TrySetException(new InvalidOperationException($"{_name} ended:\n{Complaints}"));
        }
    }

    private void Complain(string? line)
    {
        if (line is null)
        {
            return;
        }
        _complaints.Enqueue(line);
        if (_complaints.Count > 100)
        {
            _complaints.TryDequeue(out _);
        }
    }
}
