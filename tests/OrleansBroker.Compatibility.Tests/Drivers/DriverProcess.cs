using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace OrleansBroker.Compatibility.Tests.Drivers;

/// <summary>
/// A process that does what it is told. Commands go to it as lines of JSON and may run side by side; each answer carries
/// the id of its command.
/// </summary>
internal abstract class DriverProcess : IAsyncDisposable
{
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(90);
    protected static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };
    private readonly string _name;
    private readonly Process _process;
    private readonly ConcurrentDictionary<int, TaskCompletionSource<JsonNode?>> _waiting = new();
    private readonly ConcurrentQueue<string> _complaints = new();
    private readonly SemaphoreSlim _writing = new(1);
    private bool _isDisposed;
    private int _lastId;

    protected DriverProcess(string name, ProcessStartInfo start)
    {
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        _name = name;
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) => Hear(line.Data);
        _process.ErrorDataReceived += (_, line) => Complain(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public string Name => _name;

    /// <summary>Sends a command and waits for its answer; <see cref="ClientException"/> if it was answered with an error.</summary>
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

    /// <summary>Ends the process as a crash would. May be called again.</summary>
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

    /// <summary>The last lines of its standard error.</summary>
    public string Complaints => string.Join('\n', _complaints);

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
