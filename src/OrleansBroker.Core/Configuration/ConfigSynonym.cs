namespace OrleansBroker.Core.Configuration;

/// <summary>
/// A broker configuration that gives a topic configuration its default. Of several the first that is set wins:
/// <c>log.retention.ms</c> before <c>log.retention.minutes</c> before <c>log.retention.hours</c>.
/// </summary>
/// <param name="Scale">What one unit of the broker's value is in the topic's: 3600000 for hours where the topic counts milliseconds.</param>
public sealed record ConfigSynonym(string BrokerConfig, long Scale = 1)
{
    /// <summary>A broker's parsed value in the units of the topic's. A time of -1 means no limit in any unit.</summary>
    public object Convert(object brokerValue) => Scale == 1
        ? brokerValue
        : brokerValue is int and < 0 ? -1L : System.Convert.ToInt64(brokerValue, System.Globalization.CultureInfo.InvariantCulture) * Scale;
}
