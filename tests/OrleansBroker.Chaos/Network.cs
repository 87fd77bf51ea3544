using System.Diagnostics;
using System.Globalization;

namespace OrleansBroker.Chaos;

/// <summary>
/// A network of the run's own: a namespace for each broker, a bridge between them, and clients and Redis at two addresses of the
/// bridge. What is cut off is sent to a hardware address that nobody has: packets are gone without a word, one way at a time.
/// <code>
///   [ broker 0 ] [ broker 1 ] [ broker 2 ]     .10  .11  .12, each in its namespace
///         |          |             |
///   ======+==========+=============+======     the bridge: .1 clients, .2 Redis
/// </code>
/// </summary>
internal sealed class Network : IDisposable
{
    public const string Clients = "clients";
    public const string Redis = "redis";

    private const string Nobody = "02:00:00:00:00:99";
    private const string Ip = "/usr/sbin/ip";

    // Asked for by every test that is found, and once is enough.
    private static readonly Lazy<string?> Obstacle = new(TryOne);

    private static int _last;

    private readonly string _prefix;
    private readonly string _subnet;
    private readonly int _brokers;
    private readonly HashSet<(int From, string To)> _cuts = [];

    public Network(int brokers)
    {
        _brokers = brokers;

        // Of several runs on one machine, and of several networks of one run, each has its own.
        var number = Interlocked.Increment(ref _last);
        var subnet = Environment.ProcessId + (number * 1_000);
        _prefix = string.Create(CultureInfo.InvariantCulture, $"ob{Environment.ProcessId % 1_000_000}x{number}");
        _subnet = string.Create(CultureInfo.InvariantCulture, $"10.{200 + (subnet / 256 % 50)}.{subnet % 256}");
        try
        {
            Build();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public string RedisAddress => $"{_subnet}.2";

    private string Bridge => $"{_prefix}br";

    /// <summary>Why there can be none on this machine; null where there can.</summary>
    public static string? FindObstacle() => Obstacle.Value;

    public string AddressOf(int broker) => string.Create(CultureInfo.InvariantCulture, $"{_subnet}.{10 + broker}");

    /// <summary>The program and arguments that run a program in a broker's namespace.</summary>
    public (string Program, string[] Arguments) In(int broker, string program, params string[] arguments) =>
        (Ip, ["netns", "exec", NamespaceOf(broker), program, .. arguments]);

    /// <summary>From now on what a broker sends does not arrive.</summary>
    /// <param name="to">Another broker's number, <see cref="Clients"/> or <see cref="Redis"/>.</param>
    public void Cut(int from, string to)
    {
        Run("-n", NamespaceOf(from), "neigh", "replace", Resolve(to), "lladdr", Nobody, "dev", "eth0", "nud", "permanent");
        _cuts.Add((from, to));
    }

    /// <summary>Undoes every cut.</summary>
    public void Heal()
    {
        foreach (var (from, to) in _cuts)
        {
            Run("-n", NamespaceOf(from), "neigh", "del", Resolve(to), "dev", "eth0");
        }

        _cuts.Clear();
    }

    public void Dispose()
    {
        for (var broker = 0; broker < _brokers; broker++)
        {
            // The end of the wire that is outside goes with the one inside.
            TryRun(Ip, "netns", "delete", NamespaceOf(broker));
        }

        TryRun(Ip, "link", "delete", Bridge);
    }

    private static string? TryOne()
    {
        if (!File.Exists(Ip))
        {
            return "there is no ip (Debian package iproute2)";
        }

        try
        {
            using var network = new Network(2);

            // Nobody listens there: a refusal is an answer, and says that packets go from one to the other and back.
            var (program, arguments) = network.In(0, "timeout", "5", "bash", "-c", $"exec 3<>/dev/tcp/{network.AddressOf(1)}/9");
            return TryRun(program, arguments) is { } said && said.Contains("refused", StringComparison.Ordinal) ? null : "network namespaces do not reach each other here";
        }
        catch (InvalidOperationException e)
        {
            return $"network namespaces cannot be made here: {e.Message.ReplaceLineEndings(" ")}";
        }
    }

    private void Build()
    {
        Run("link", "add", Bridge, "type", "bridge");
        Run("addr", "add", $"{_subnet}.1/24", "dev", Bridge);
        Run("addr", "add", $"{RedisAddress}/24", "dev", Bridge);
        Run("link", "set", Bridge, "up");
        for (var broker = 0; broker < _brokers; broker++)
        {
            var outside = $"{_prefix}v{broker.ToString(CultureInfo.InvariantCulture)}";
            Run("netns", "add", NamespaceOf(broker));
            Run("link", "add", outside, "type", "veth", "peer", "name", "eth0", "netns", NamespaceOf(broker));
            Run("link", "set", outside, "master", Bridge, "up");
            Run("-n", NamespaceOf(broker), "addr", "add", $"{AddressOf(broker)}/24", "dev", "eth0");
            Run("-n", NamespaceOf(broker), "link", "set", "eth0", "up");
            Run("-n", NamespaceOf(broker), "link", "set", "lo", "up");
        }
    }

    private string NamespaceOf(int broker) => $"{_prefix}n{broker.ToString(CultureInfo.InvariantCulture)}";

    private string Resolve(string to) => to switch
    {
        Clients => $"{_subnet}.1",
        Redis => RedisAddress,
        _ => AddressOf(int.Parse(to, CultureInfo.InvariantCulture)),
    };

    private static void Run(params string[] arguments)
    {
        if (TryRun(Ip, arguments) is { } refused)
        {
            throw new InvalidOperationException($"ip {string.Join(' ', arguments)}: {refused}");
        }
    }

    /// <summary>What it complained of; null where it worked.</summary>
    private static string? TryRun(string program, params string[] arguments)
    {
        using var ip = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        var complaint = ip.StandardError.ReadToEnd();
        ip.WaitForExit();
        return ip.ExitCode == 0 ? null : complaint.Trim();
    }
}
