using System.Diagnostics;
using System.Runtime.InteropServices;

namespace OrleansBroker.Compatibility.Tests.Drivers;

/// <summary>The clients, in the places where tests/run puts them.</summary>
internal static class ClientCatalog
{
    public const string Kcat = "kcat";
    public const string ConfluentPython = "confluent-python";
    public const string KafkaPython = "kafka-python";
    public const string KafkaJs = "kafkajs";
    public const string ConfluentJs = "confluent-js";
    public const string Platformatic = "platformatic";
    public const string ConfluentDotnet = "confluent-dotnet";

    public static readonly string[] Codecs = ["none", "gzip", "snappy", "lz4", "zstd"];

    public static readonly string[] All = [Kcat, ConfluentPython, KafkaPython, KafkaJs, ConfluentJs, Platformatic, ConfluentDotnet];

    private const string Python = "/usr/bin/python3";
    private static readonly string Node = OnPath("node");
    private static readonly string CurrentNode = NodePackage($"node-linux-{(RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "arm64" : "x64")}/bin/node");
    private static readonly string DotnetDriver = Path.Combine(Repository.ClientsDirectory, "confluent-dotnet", "bin", "Release", "net10.0", "ConfluentDriver.dll");

    private static readonly Dictionary<string, ClientKind> Kinds = new ClientKind[]
    {
        new(Kcat, Python, "kcat.py", (Python, "no python3"), (OnPath("kcat"), "no kcat (Debian package kcat)")),
        new(ConfluentPython, Python, "confluent.py", (PythonModule("confluent_kafka"), "no confluent_kafka (Debian package python3-confluent-kafka)")),
        new(KafkaPython, Python, "kafka_python.py", (PythonModule("kafka"), "no kafka-python that this Python can import (Debian package python3-kafka)")),
        new(KafkaJs, CurrentNode, "kafkajs.mjs",
            (CurrentNode, "no Node 22 (npm package node-linux-*)"), (NodePackage("kafkajs/package.json"), "no kafkajs (npm)")),
        new(ConfluentJs, Node, "confluent.mjs",
            (Node, "no node"),
            (NodePackage("@confluentinc/kafka-javascript/build/Release/confluent-kafka-javascript.node"), "@confluentinc/kafka-javascript is not built (npm)")),
        new(Platformatic, CurrentNode, "platformatic.mjs",
            (CurrentNode, "no Node 22 (npm package node-linux-*)"), (NodePackage("@platformatic/kafka/package.json"), "no @platformatic/kafka (npm)")),
        new(ConfluentDotnet, OnPath("dotnet"), DotnetDriver, (DotnetDriver, "Confluent.Kafka could not be restored, or has no librdkafka")),
    }.ToDictionary(kind => kind.Name);

    public static ClientKind Get(string name) => Kinds[name];

    /// <summary>Whether a test argument names a client.</summary>
    public static bool TryGet(object? argument, out ClientKind? kind)
    {
        kind = null;
        return argument is string name && Kinds.TryGetValue(name, out kind);
    }

    private static string NodePackage(string path) => Path.Combine(Repository.ClientsDirectory, "node_modules", path);

    /// <summary>The file of a module, or a path that does not exist if the module is not there or does not load.</summary>
    private static string PythonModule(string name)
    {
        const string absent = "/nonexistent";
        if (!File.Exists(Python))
        {
            return absent;
        }
        using Process python = Process.Start(new ProcessStartInfo(Python, ["-c", $"import {name}; print({name}.__file__)"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        string file = python.StandardOutput.ReadToEnd().Trim();
        python.WaitForExit();
        return python.ExitCode == 0 ? file : absent;
    }

    private static string OnPath(string program) => (Environment.GetEnvironmentVariable("PATH") ?? string.Empty)
        .Split(Path.PathSeparator)
        .Select(directory => Path.Combine(directory, program))
        .FirstOrDefault(File.Exists, Path.Combine("/usr/bin", program));
}
